import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeOciArchive } from '../../image/write-oci-archive.ts'
import { CACHE } from './parts.ts'

export interface Image {
  name: string
  /** The path of each file in the image, and its path on this machine. */
  files: Record<string, string>
  /** Symbolic links: a path in the image, and its target. A multi-call program needs one for each of its commands. */
  links?: Record<string, string>
  entrypoint: string[]
  user?: string
  env?: string[]
}

/**
 * Writes an image with one layer and no base image, as an archive for `ctr images import`. Returns the path of the
 * archive. The archive is written only once for the same paths: the path of a built program contains a hash of its
 * sources.
 */
export function imageArchive (image: Image): string {
  const { name, files, links = {}, entrypoint, user = '65532', env = [] } = image
  const archive = join(
    CACHE,
    'images',
    `${createHash('sha256').update(JSON.stringify(image)).digest('hex').slice(0, 16)}.tar`
  )
  if (existsSync(archive)) return archive
  mkdirSync(dirname(archive), { recursive: true })
  const folder = mkdtempSync(`${archive}.`)
  const root = join(folder, 'root')
  mkdirSync(root, { mode: 0o755 })
  mkdirSync(join(root, 'tmp'), { mode: 0o1777 })
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    cpSync(source, join(root, path), { recursive: true, dereference: true })
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    execFileSync('ln', ['-s', target, join(root, path)])
  }
  writeOciArchive(archive, {
    name,
    layers: [root],
    config: { Entrypoint: entrypoint, User: user, Env: ['PATH=/usr/sbin:/usr/bin:/bin', ...env] }
  })
  rmSync(folder, { recursive: true })
  return archive
}
