import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeOciArchive } from '../../image/write-oci-archive.ts'
import { CACHE } from './parts.ts'

export interface Image {
  name: string
  /** Where a file of the machine lies in the image. */
  files: Record<string, string>
  /** A command for each path: what a multi-call program is called. */
  links?: Record<string, string>
  entrypoint: string[]
  user?: string
  env?: string[]
}

/**
 * An image of a few files, one layer and no base, as an archive that `ctr images import` takes. Made once
 * for the same paths: those of built programs hold the hash of what they are made of.
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
