import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { imageArchive } from './image-archive.ts'
import { PAUSE } from './node.ts'
import { built, debian, envoy } from './parts.ts'

const SHELL = [
  'sh',
  'cat',
  'cp',
  'cut',
  'date',
  'dd',
  'env',
  'find',
  'grep',
  'head',
  'id',
  'kill',
  'ls',
  'mkdir',
  'mv',
  'nc',
  'nslookup',
  'printf',
  'rm',
  'seq',
  'sha256sum',
  'sleep',
  'sort',
  'tail',
  'test',
  'touch',
  'tr',
  'wget',
  'yes'
]

/** The archives of all images that are imported into the node, so that no registry is needed for them. */
export async function images ({ lean }: { lean: boolean }): Promise<string[]> {
  const busybox = `${debian()}/bin/busybox`
  const eventing = await built('eventing')
  const archives = [
    imageArchive({
      name: PAUSE,
      files: { 'bin/busybox': busybox },
      entrypoint: ['/bin/busybox', 'sleep', '2147483647']
    }),
    imageArchive({ name: 'dev.local/shell:e2e', ...shell(), entrypoint: ['/bin/sh'] }),
    imageArchive({
      name: 'dev.local/coredns:e2e',
      files: { coredns: join(await built('coredns'), 'coredns') },
      entrypoint: ['/coredns']
    }),
    imageArchive({
      name: 'docker.io/minio/minio:RELEASE.2025-09-07T16-13-09Z',
      files: { 'bin/minio': join(await built('minio'), 'minio'), 'bin/busybox': busybox },
      links: { 'bin/mkdir': 'busybox' },
      entrypoint: ['/bin/minio']
    }),
    imageArchive({
      name: 'docker.io/nginxinc/nginx-unprivileged:1.29.4-alpine',
      files: {
        'usr/sbin/nginx': `${debian()}/usr/sbin/nginx`,
        ...libraries(debian(), ['libcrypt.so.1', 'libpcre2-8.so.0', 'libssl.so.3', 'libcrypto.so.3', 'libz.so.1'])
      },
      entrypoint: ['/usr/sbin/nginx'],
      user: '101'
    }),
    ...EVENTING.map((program) => knativeImage('eventing', program, eventing))
  ]
  const ours = resolve('dist/image.tar')
  if (!existsSync(ours)) throw new Error('dist/image.tar is missing. Run `make image-tar` to build it.')
  return [...archives, ours, ...(lean ? [] : await servingImages())]
}

/**
 * A stand-in for the image that the CARLA template names. It prints its environment, waits `DURATION` seconds, writes a
 * small rosbag2 recording and prints the checksums of its files.
 */
export function carlaStandIn (): string {
  const script = `set -e
env | sort
echo "uid=$(id -u)"
cd "$HOME/$RESULT_DIR"
sleep "$DURATION"
head -c 300000 /dev/urandom > rosbag_0.mcap
printf 'rosbag2_bagfile_information:\n  version: 9\n  storage_identifier: mcap\n  relative_file_paths:\n    - rosbag_0.mcap\n' > metadata.yaml
sha256sum *`
  return imageArchive({
    name: 'harbor.example.org/gx4ki/carla:latest',
    ...shell(),
    entrypoint: ['/bin/sh', '-c', script],
    user: '1000',
    env: ['HOME=/home/carla']
  })
}

function shell (): { files: Record<string, string>, links: Record<string, string> } {
  return {
    files: { 'bin/busybox': `${debian()}/bin/busybox` },
    links: Object.fromEntries(SHELL.map((program) => [`bin/${program}`, 'busybox']))
  }
}

async function servingImages (): Promise<string[]> {
  const serving = await built('serving')
  return [
    ...SERVING.map((program) => knativeImage('serving', program, serving)),
    knativeImage('net-kourier', 'kourier', serving),
    imageArchive({
      name: 'docker.io/envoyproxy/envoy:e2e',
      files: {
        'usr/local/bin/envoy': envoy(),
        ...libraries(debian(), ['libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1'])
      },
      entrypoint: ['/usr/local/bin/envoy']
    })
  ]
}

/** The image name contains the module, because Eventing and Serving both have a `controller` and a `webhook`. */
function knativeImage (module: string, program: string, folder: string): string {
  return imageArchive({
    name: `dev.local/knative/${module}/${program}:e2e`,
    files: { 'ko-app/program': join(folder, program) },
    entrypoint: ['/ko-app/program']
  })
}

/** The dynamic loader, the C library and the named libraries, which a program from Debian needs. */
function libraries (root: string, names: string[]): Record<string, string> {
  const found = ['ld-linux-x86-64.so.2', 'libc.so.6', ...names].map((name) => {
    const source = ['lib', 'usr/lib'].map((folder) => `${root}/${folder}/x86_64-linux-gnu/${name}`).find((path) =>
      existsSync(path)
    )
    return [name.startsWith('ld-') ? `lib64/${name}` : `lib/x86_64-linux-gnu/${name}`, source!]
  })
  return Object.fromEntries(found)
}

const SERVING = ['activator', 'autoscaler', 'controller', 'queue', 'webhook']
const EVENTING = [
  'apiserver_receive_adapter',
  'channel_controller',
  'channel_dispatcher',
  'controller',
  'filter',
  'ingress',
  'mtchannel_broker',
  'mtping',
  'webhook'
]
