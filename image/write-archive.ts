/**
 * Packs dist/image/ (lay-out.ts) into the image dist/image.tar: an OCI layout that is a Docker archive as well, so that
 * `ctr images import`, `docker load`, `podman load` and `minikube image load` take it. The same files give the same digest.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const NAME = 'dev.local/gx4ki-jobs:dev'
const LAYERS = ['dist/image/system', 'dist/image/programs']
const layout = 'dist/image/layout'

interface Blob {
  digest: string
  size: number
}

// As in lay-out.ts, for the files of the archive itself.
process.umask(0o022)
rmSync(layout, { recursive: true, force: true })
mkdirSync(join(layout, 'blobs/sha256'), { recursive: true })

// Not compressed: a registry's client compresses when it pushes, and a node has it sooner.
const layers = LAYERS.map((folder) => {
  const file = `${folder}.tar`
  pack(folder, file)
  const blob = keep(readFileSync(file))
  rmSync(file)
  return blob
})
const config = keep({
  architecture: { x64: 'amd64', arm64: 'arm64' }[process.arch as string],
  os: 'linux',
  // As in the Dockerfile. Which program runs is the caller's word: there is no entry point.
  config: {
    User: '65532:65532',
    WorkingDir: '/app',
    // Trusts what is in /etc/ssl/certs beside Node's own list, so a store's private CA needs only to be mounted there.
    Env: ['PATH=/usr/local/bin', 'NODE_USE_SYSTEM_CA=1'],
    Cmd: ['node', '--version']
  },
  rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) }
})
const manifest = keep({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
  layers: layers.map((layer) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }))
})

write('oci-layout', { imageLayoutVersion: '1.0.0' })
write('index.json', {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [{
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...manifest,
    annotations: { 'io.containerd.image.name': NAME, 'org.opencontainers.image.ref.name': NAME.split(':')[1] }
  }]
})
// Docker's own list, for those that do not read the other.
write('manifest.json', [{ Config: pathOf(config), RepoTags: [NAME], Layers: layers.map(pathOf) }])

// Whole or not at all.
pack(layout, 'dist/image.tar.unfinished')
renameSync('dist/image.tar.unfinished', 'dist/image.tar')
rmSync(layout, { recursive: true })
console.log(`dist/image.tar: ${NAME} ${manifest.digest}`)

function pack (folder: string, file: string): void {
  execFileSync('tar', ['--create', '--file', file, '--directory', folder, '--format=gnu', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '.'])
}

function keep (content: Buffer | object): Blob {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
  const blob = { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length }
  writeFileSync(join(layout, pathOf(blob)), bytes)
  return blob
}

function pathOf ({ digest }: Blob): string {
  return `blobs/${digest.replace(':', '/')}`
}

function write (name: string, content: object): void {
  writeFileSync(join(layout, name), JSON.stringify(content))
}
