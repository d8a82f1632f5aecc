import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
 * An image of a few files, one layer and no base, as the OCI archive that `ctr images import` takes (OCI image layout 1.0). Made once
 * for the same paths: those of built programs hold the hash of what they are made of.
 */
export function imageArchive (image: Image): string {
  const { name, files, links = {}, entrypoint, user = '65532', env = [] } = image
  const archive = join(CACHE, 'images', `${createHash('sha256').update(JSON.stringify(image)).digest('hex').slice(0, 16)}.tar`)
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
  const blobs = join(folder, 'layout/blobs/sha256')
  mkdirSync(blobs, { recursive: true })
  const blob = (mediaType: string, bytes: Buffer | string): { mediaType: string, digest: string, size: number } => {
    const digest = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(blobs, digest), bytes)
    return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(bytes) }
  }
  const layer = blob('application/vnd.oci.image.layer.v1.tar', execFileSync('tar', ['-C', root, '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '-cf', '-', '.'], { maxBuffer: 2 ** 31 }))
  const config = blob('application/vnd.oci.image.config.v1+json', JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Entrypoint: entrypoint, User: user, Env: ['PATH=/usr/sbin:/usr/bin:/bin', ...env] }, rootfs: { type: 'layers', diff_ids: [layer.digest] } }))
  const manifest = blob('application/vnd.oci.image.manifest.v1+json', JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layer] }))
  writeFileSync(join(folder, 'layout/oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  writeFileSync(join(folder, 'layout/index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations: { 'io.containerd.image.name': name } }] }))
  execFileSync('tar', ['-C', join(folder, 'layout'), '-cf', `${folder}.tar`, '.'])
  renameSync(`${folder}.tar`, archive)
  rmSync(folder, { recursive: true })
  return archive
}
