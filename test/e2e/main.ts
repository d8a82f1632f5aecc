/**
 * Starts a cluster of real parts on this machine, runs the command in the arguments with a KUBECONFIG for that cluster,
 * and removes the cluster again. Without arguments it only builds the parts. Needs Linux, root, Go and the package
 * tools of Debian.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeCgroups } from './cgroups.ts'
import { images } from './images.ts'
import { built, debian, has, sourceOf } from './parts.ts'

for (
  const [missing, words] of [
    [process.platform !== 'linux', 'make e2e needs Linux because it runs containers. Run it on a Linux machine.'],
    [
      process.getuid?.() !== 0,
      'make e2e needs root because it creates namespaces, mounts and network interfaces. Run it as root.'
    ],
    [
      !has('go'),
      'go is missing. Install Go 1.26 or newer: it builds Kubernetes, Knative and MinIO from their modules.'
    ],
    [
      !has('apt-get') || !has('dpkg-deb'),
      'apt-get or dpkg-deb is missing. Use Debian: containerd, runc and etcd come from its packages, unpacked only.'
    ]
  ] as const
) {
  if (missing) {
    console.error(words)
    process.exit(1)
  }
}

// In lean mode the functions are Deployments on a cluster without Serving. Use it for work on other parts: the build of
// Serving takes long.
const lean = process.env['E2E'] === 'lean'
const parts = {
  debian: debian(),
  kubernetes: join(await built('kubernetes'), 'kubernetes'),
  archives: await images({ lean }),
  knative: {
    eventing: sourceOf('eventing', 'knative.dev/eventing'),
    ...Object.fromEntries(
      ['serving', 'net-kourier', 'networking', 'caching'].map((
        name
      ) => [name, lean ? '' : sourceOf('serving', `knative.dev/${name}`)])
    )
  },
  command: process.argv.slice(2)
}
if (parts.command.length === 0) process.exit()
const dir = mkdtempSync(join(tmpdir(), 'gx4ki-e2e-'))
mkdirSync(join(dir, 'logs'))
// All processes, mounts, interfaces and rules are in namespaces that end with their first process.
const child = spawn('unshare', [
  '--mount',
  '--net',
  '--pid',
  '--ipc',
  '--uts',
  '--fork',
  '--mount-proc',
  '--kill-child',
  process.execPath,
  join(import.meta.dirname, 'bench.ts'),
  dir,
  JSON.stringify(parts)
], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'))
const [code] = await once(child, 'exit') as [number | null]
removeCgroups()
if (code === 0 || process.env['CI']) rmSync(dir, { recursive: true, force: true })
else console.error(`The run failed. The logs of all parts of the cluster are in ${dir}/logs`)
process.exitCode = code ?? 1
