import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Image {
  /** With the tag. */
  name: string
  /** One folder per layer, the lowest layer first. */
  layers: string[]
  /** In the format of the OCI image configuration. */
  config: { User: string, Env: string[], WorkingDir?: string, Entrypoint?: string[], Cmd?: string[] }
}

interface Blob {
  digest: string
  size: number
}

/**
 * Writes an image as one file: an OCI layout (1.0) that is also a Docker archive, so that `ctr images import`,
 * `docker load`, `podman load` and `minikube image load` accept it. Returns its digest. The same files give the same
 * digest.
 */
export function writeOciArchive (file: string, { name, layers: folders, config: settings }: Image): string {
  const layout = `${file}.layout`
  rmSync(layout, { recursive: true, force: true })
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true })

  function keep (content: Buffer | object): Blob {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const blob = { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length }
    writeFileSync(join(layout, pathOf(blob)), bytes)
    return blob
  }

  function write (name: string, content: object): void {
    writeFileSync(join(layout, name), JSON.stringify(content))
  }

  // Not compressed: a registry client compresses layers when it pushes them, and a node loads them faster this way.
  const layers = folders.map((folder) => {
    const layer = `${layout}/layer.tar`
    pack(folder, layer)
    const blob = keep(readFileSync(layer))
    rmSync(layer)
    return blob
  })
  const config = keep({
    architecture: { x64: 'amd64', arm64: 'arm64' }[process.arch as string],
    os: 'linux',
    config: settings,
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
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name.split(':')[1] }
    }]
  })
  // Docker's own list, for tools that do not read the OCI index.
  write('manifest.json', [{ Config: pathOf(config), RepoTags: [name], Layers: layers.map(pathOf) }])

  // The modes of the archive's own files must not depend on the umask. The rename makes the file appear complete.
  pack(layout, `${file}.unfinished`, '--mode=u=rwX,go=rX')
  renameSync(`${file}.unfinished`, file)
  rmSync(layout, { recursive: true })
  return manifest.digest
}

function pack (folder: string, file: string, ...options: string[]): void {
  execFileSync('tar', [
    '--create',
    '--file',
    file,
    '--directory',
    folder,
    '--format=gnu',
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    ...options,
    '.'
  ])
}

function pathOf ({ digest }: Blob): string {
  return `blobs/${digest.replace(':', '/')}`
}
