import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { unpackDebian } from '../../image/unpack-debian.ts'

interface ImageConfig {
  config: { User: string, WorkingDir: string, Env: string[] }
  rootfs: { diff_ids: string[] }
}

export interface Image extends ImageConfig {
  name: string
  /** The folder with all layers, each unpacked over the one before. */
  rootfsFolder: string
}

/** Unpacks an image as a container runtime does: from the index to the layers. Checks the digest of each blob. */
export function unpackImage (archive: string, folder: string): Image {
  const [layout, rootfsFolder] = [join(folder, 'layout'), join(folder, 'rootfs')]
  mkdirSync(layout)
  mkdirSync(rootfsFolder)
  execFileSync('tar', ['--extract', '--file', archive, '--directory', layout])
  const blob = (digest: string) => {
    const bytes = readFileSync(join(layout, 'blobs', digest.replace(':', '/')))
    if (`sha256:${createHash('sha256').update(bytes).digest('hex')}` !== digest) {
      throw new Error(`a blob in the image does not match its digest: ${digest}`)
    }
    return bytes
  }
  const { manifests: [entry] } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
  const manifest = JSON.parse(blob(entry.digest).toString())
  const config = JSON.parse(blob(manifest.config.digest).toString()) as ImageConfig
  for (const { digest } of manifest.layers) {
    execFileSync('tar', ['--extract', '--preserve-permissions', '--directory', rootfsFolder], { input: blob(digest) })
  }
  return { ...config, name: entry.annotations['io.containerd.image.name'], rootfsFolder }
}

/** Unpacks Debian's runc without installing it. Returns the folder. */
export function unpackRunc (folder: string): string {
  unpackDebian(['libseccomp2', 'runc'], folder)
  return folder
}

/**
 * Runs a command in a container as Pod Security `restricted` requires: with the user of the image and without
 * capabilities. In addition, the root is read-only and there is no network.
 */
export function runContainer (
  runc: string,
  { config, rootfsFolder }: Image,
  folder: string,
  args: string[],
  { env = {}, results = '' } = {}
) {
  const [uid, gid] = config.User.split(':').map(Number)
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      ociVersion: '1.0.2',
      process: {
        user: { uid, gid },
        cwd: config.WorkingDir,
        env: [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
        args,
        noNewPrivileges: true
      },
      root: { path: resolve(rootfsFolder), readonly: true },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
        ...(results
          ? [{ destination: '/results', type: 'bind', source: resolve(results), options: ['bind', 'rw'] }]
          : [])
      ],
      linux: { namespaces: ['pid', 'mount', 'ipc', 'network', 'uts'].map((type) => ({ type })) }
    })
  )
  const libraries = `${runc}/usr/lib/${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch as string]}-linux-gnu`
  return spawnSync(`${runc}/usr/sbin/runc`, [
    '--root',
    join(folder, 'state'),
    'run',
    '--bundle',
    folder,
    `gx4ki-${randomUUID()}`
  ], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, LD_LIBRARY_PATH: libraries }
  })
}
