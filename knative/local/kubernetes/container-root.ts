import type { V1Container } from '@kubernetes/client-node'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expand } from '../../../shared/kubernetes/expand.ts'
import type { Wire } from './objects.ts'

/** Where the files of a container are on this machine. */
export interface ContainerRoot {
  /** The folder in which its processes start. */
  cwd: string
  /** Replaces the paths of the container in a text by those of this machine. */
  local: (text: string) => string
}

/** The working folder of the image of this project. */
const APP = '/app'

/** Texts keep these paths, also where they are a working folder: the programs and devices of this machine are there. */
const OF_THE_MACHINE = /^\/(?:bin|dev|etc|lib|lib64|nix|opt|proc|run|sbin|sys|usr|var)?(?:\/|$)/

/**
 * Makes a new folder that stands for the file system of a container: the volumes are links at their mount paths, and
 * `bundles`, the programs that the image has, are in `/app/dist`. The processes of the container start in its
 * `workingDir` there, or in the volume that is mounted there; without one, in that of the image, or in the folder
 * itself. So a relative path never leads out of the pod.
 */
export function makeRoot (
  { volumeMounts = [], workingDir }: Wire<V1Container>,
  { root, volumes, bundles, env }: {
    root: string
    volumes: string
    bundles?: string | undefined
    env: Record<string, string>
  }
): ContainerRoot {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  const places = new Map<string, string>()
  if (bundles !== undefined) {
    const dist = join(root, APP, 'dist')
    mkdirSync(dist, { recursive: true })
    // The folder is the container's own, so that nothing can be added to or removed from the folder of the bundles.
    for (const name of readdirSync(bundles)) symlinkSync(join(bundles, name), join(dist, name))
    places.set(APP, join(root, APP))
  }
  const mounts = volumeMounts.map(({ mountPath, name, subPath = '', subPathExpr }) => ({
    path: resolve('/', mountPath),
    folder: join(volumes, name, subPathExpr === undefined ? subPath : expand(subPathExpr, env))
  })).sort((a, b) => a.path.length - b.path.length)
  for (const { path, folder } of mounts) {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true })
    places.set(path, folder)
    // A link within another volume would be a file of that volume.
    if (path === '/' || mounts.some((other) => other.path !== path && isWithin(path, other.path))) continue
    mkdirSync(dirname(join(root, path)), { recursive: true })
    symlinkSync(folder, join(root, path))
  }

  const folder = resolve('/', workingDir || (bundles === undefined ? '/' : APP))
  const mount = mounts.findLast(({ path }) => isWithin(folder, path))
  const cwd = mount === undefined ? resolve(root, `.${folder}`) : join(mount.folder, folder.slice(mount.path.length))
  mkdirSync(cwd, { recursive: true })
  if (!OF_THE_MACHINE.test(folder)) places.set(folder, cwd)
  return { cwd, local: localPaths(places) }
}

/**
 * Unlike a container, a local process cannot see a folder under another path. So a path of the container in a text is
 * replaced by the folder on this machine. It may be a whole path or the beginning of one: `/results`, `DIR=/results/x`,
 * `cat "/results/x"`, but not `http://host/results`.
 */
export function localPaths (places: Map<string, string>): (text: string) => string {
  if (!places.size) return (text) => text
  const longestFirst = [...places.keys()].sort((a, b) => b.length - a.length).map((path) =>
    path.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  )
  const known = new RegExp(`(?<=^|[\\s=:,;'"\`<>(|])(?:${longestFirst.join('|')})(?![\\w.-])`, 'g')
  return (text) => text.replace(known, (path) => places.get(path)!)
}

function isWithin (path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}
