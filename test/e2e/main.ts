/**
 * Brings up a cluster of real parts on this machine, from nothing, runs the command that the arguments are with
 * KUBECONFIG pointing at it, and takes it all down again. Without arguments it builds the parts, and that is all. Needs
 * Linux, root, Go and Debian's package client.
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
    [process.platform !== 'linux', 'make e2e needs Linux: it runs containers'],
    [process.getuid?.() !== 0, 'make e2e needs root: it makes namespaces, mounts and network interfaces of its own'],
    [
      !has('go'),
      'go is missing: install Go 1.26 or newer, which builds Kubernetes, Knative and MinIO from their modules'
    ],
    [
      !has('apt-get') || !has('dpkg-deb'),
      'apt-get is missing: containerd, runc and etcd come from Debian packages (unpacked, not installed)'
    ]
  ] as const
) {
  if (missing) {
    console.error(words)
    process.exit(1)
  }
}

// Without Serving, whose parts take long to build, while one works on the rest: the functions are Deployments then.
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
// All processes, mounts, interfaces and rules live in namespaces that end with their first process.
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
else console.error(`What all parts said is in ${dir}/logs`)
process.exitCode = code ?? 1
