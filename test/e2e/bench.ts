/**
 * Runs inside the namespaces that main.ts creates. Starts the cluster, then runs the command that uses it. The cluster
 * ends with this process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NODE_ADDRESS, startControlPlane } from './control-plane.ts'
import { installFunctions } from './install-functions.ts'
import { installEventing, installServing, type KnativeSources } from './knative.ts'
import { setUpMounts, setUpNames, setUpNetwork, startNode } from './node.ts'

const dir = process.argv[2]!
const { debian, kubernetes, archives, command, knative } = JSON.parse(process.argv[3]!) as {
  debian: string
  kubernetes: string
  archives: string[]
  command: string[]
  knative: KnativeSources
}
const logs = join(dir, 'logs')
setUpMounts()
setUpNames(dir)
setUpNetwork()

const started = performance.now()
const say = (what: string): void =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${what}`)
const plane = await startControlPlane({ dir, logs, kubernetes, debian })
say('control plane')
try {
  await install()
} catch (error) {
  console.error(plane.kubectl(['get', 'pods', '--all-namespaces']))
  console.error(
    plane.kubectl(['get', 'events', '--all-namespaces', '--field-selector=type=Warning', '--sort-by=.lastTimestamp'])
  )
  throw error
}

mkdirSync(join(dir, 'bin'))
writeFileSync(join(dir, 'bin/kubectl'), `#!/bin/sh\nexec ${kubernetes} kubectl "$@"\n`, { mode: 0o755 })
const child = spawn(command[0]!, command.slice(1), {
  stdio: 'inherit',
  env: {
    ...process.env,
    KUBECONFIG: plane.kubeconfig,
    PATH: `${join(dir, 'bin')}:${process.env['PATH']}`,
    E2E_NODE_ADDRESS: NODE_ADDRESS
  }
})
const [code] = await once(child, 'exit') as [number | null]
process.exit(code ?? 1)

async function install (): Promise<void> {
  const node = await startNode({ dir, logs, kubernetes, debian, plane })
  say('node')
  for (const archive of archives) node.ctr(['images', 'import', archive])
  say('images')
  plane.kubectl(['apply', '-f', join(import.meta.dirname, 'manifests/coredns.yaml')])
  plane.kubectl(['rollout', 'status', '-n', 'kube-system', 'deployment/coredns', '--timeout=60s'])
  say('DNS')
  installEventing(plane, knative)
  say('Knative Eventing')
  const lean = knative.serving === ''
  if (!lean) {
    installServing(plane, knative)
    say('Knative Serving')
  }
  await installFunctions(plane, dir, { lean })
  say('the functions')
}
