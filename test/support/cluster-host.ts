import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CloudEvent, HTTP } from 'cloudevents'
import type { Test } from 'tap'
import { makeBucket } from '../../knative/local/store.ts'
import { processesWith } from './processes-with.ts'
import { poll } from './poll.ts'

/** Changes to the environment of the functions, by Service; '*' is for all of them. */
type Overrides = Record<string, Record<string, string>>

interface Manifest {
  metadata: { name: string, resourceVersion?: string }
  spec: { template: { metadata?: { annotations?: Record<string, string> }, spec: { containers: { env: { name: string, value?: string }[], volumeMounts?: object[] }[], volumes?: object[] } } }
  status?: { conditions?: { type: string, status: string }[], observedGeneration?: number, latestReadyRevisionName?: string, latestCreatedRevisionName?: string }
}

const FUNCTIONS = 'gx4ki'
const JOBS = 'gx4ki-jobs'

/**
 * The functions as they run on the cluster that KUBECONFIG names, with a bucket and templates for one test file. What the local
 * host does for a test, this does with kubectl; the rest is the cluster's own.
 */
export async function clusterHost (t: Test, env: Overrides = {}) {
  const kubeconfig = process.env['KUBECONFIG']!
  const bucket = `test-${randomBytes(6).toString('hex')}`
  const { TEMPLATES_DIR: commonTemplates, ...common } = { TEMPLATES_DIR: resolve('test/acceptance/templates'), DEFAULT_TEMPLATE: 'script', ...env['*'] }
  const store = {
    endpoint: `http://${addressOf(FUNCTIONS, 'minio')}:9000`,
    region: 'us-east-1',
    accessKey: secret('gx4ki-store', 'access-key'),
    secretKey: secret('gx4ki-store', 'secret-key')
  }
  await makeBucket(store, bucket)
  // Pings come when the test says so.
  kubectl('delete', 'pingsource', 'reconcile', '-n', FUNCTIONS, '--ignore-not-found')
  const { TEMPLATES_DIR: templates = commonTemplates, ...ofDeploy } = env['deploy'] ?? {}
  replaceTemplates(templates)
  await Promise.all(['deploy', 'job-completed', 'result-fetch', 'result-upload'].map(async (name) =>
    await setEnvironment(name, { S3_BUCKET: bucket, ...common, ...(name === 'deploy' ? ofDeploy : env[name]) })))

  const source = kubectlJson<object>('get', 'apiserversource', 'jobs', '-n', JOBS)
  const startSource = async (): Promise<void> => {
    apply(withoutServerFields(source))
    await ready('apiserversource', 'jobs', JOBS)
  }
  t.teardown(startSource)

  return {
    url: `http://${addressOf(FUNCTIONS, 'entry')}`,
    store,
    kubeconfig,
    log: [] as string[],
    services: new Map(['deploy', 'job-completed', 'result-fetch', 'result-upload'].map((name) => [name, serviceOf(name)])),
    /** Real adapters tell nothing of what was while they were away. */
    source: {
      start: startSource,
      stop: async (): Promise<void> => {
        kubectl('delete', 'apiserversource', 'jobs', '-n', JOBS, '--ignore-not-found', '--wait=true')
        await poll('the adapter is gone', () => kubectl('get', 'pods', '-n', JOBS, '-l', 'eventing.knative.dev/sourceName=jobs', '-o', 'name') === '')
      }
    },
    /** To the Broker, which answers when the functions have. */
    async ping (): Promise<void> {
      const event = new CloudEvent({ type: 'dev.knative.sources.ping', source: '/apis/v1/namespaces/gx4ki/pingsources/reconcile', data: {} })
      const { headers, body } = HTTP.binary(event)
      const broker = `http://${addressOf('knative-eventing', 'broker-ingress')}/${FUNCTIONS}/gx4ki`
      const { status } = await fetch(broker, { method: 'POST', headers: headers as Record<string, string>, body: body as string })
      if (status !== 202) throw new Error(`the Broker answered a ping with ${status}`)
    }
  }
}

/** One of the functions, with what a crash test does to it. */
function serviceOf (name: string) {
  return {
    url: `http://${name}.${FUNCTIONS}.svc.cluster.local`,
    async kill (signal: NodeJS.Signals): Promise<void> {
      for (const pid of processesWith(`dist/${name}.cjs`)) process.kill(pid, signal)
      // A container that crashes again and again is started later each time; a new pod is not.
      kubectl('delete', 'pod', '-n', FUNCTIONS, '-l', `serving.knative.dev/service=${name}`, '--grace-period=0', '--force', '--ignore-not-found')
    },
    async ready (): Promise<void> {
      await poll(`${name} is ready`, () => isReady(name), 60)
    }
  }
}

async function setEnvironment (name: string, env: Record<string, string>): Promise<void> {
  const manifest = withoutServerFields(kubectlJson<Manifest>('get', 'ksvc', name, '-n', FUNCTIONS))
  const [container] = manifest.spec.template.spec.containers
  const kept = container!.env.filter((variable) => variable.value === undefined || variable.name === 'HOST')
  container!.env = [...kept, ...Object.entries(env).map(([variable, value]) => ({ name: variable, value }))]
  apply(manifest)
  await poll(`${name} is ready with its new environment`, () => isReady(name), 120)
}

function isReady (name: string): boolean {
  const { metadata, status } = kubectlJson<Manifest & { metadata: { generation: number } }>('get', 'ksvc', name, '-n', FUNCTIONS)
  return status?.observedGeneration === metadata.generation && status.latestReadyRevisionName === status.latestCreatedRevisionName &&
    status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
}

function replaceTemplates (folder: string): void {
  const data = Object.fromEntries(readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  kubectlWith(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gx4ki-templates', namespace: FUNCTIONS }, data }), 'replace', '-f', '-')
}

async function ready (kind: string, name: string, namespace: string): Promise<void> {
  kubectl('wait', '--for=condition=Ready', '--timeout=90s', '-n', namespace, `${kind}/${name}`)
}

function withoutServerFields<T extends object> (object: T): T {
  const { status, metadata, ...rest } = structuredClone(object) as { status?: object, metadata: Record<string, unknown> }
  for (const field of ['resourceVersion', 'uid', 'generation', 'creationTimestamp', 'managedFields', 'ownerReferences', 'finalizers']) delete metadata[field]
  return { ...rest, metadata } as unknown as T
}

function apply (object: object): void {
  kubectlWith(JSON.stringify(object), 'apply', '--server-side', '--force-conflicts', '-f', '-')
}

function addressOf (namespace: string, service: string): string {
  return kubectlJson<{ spec: { clusterIP: string } }>('get', 'service', service, '-n', namespace).spec.clusterIP
}

function secret (name: string, key: string): string {
  return Buffer.from(kubectlJson<{ data: Record<string, string> }>('get', 'secret', name, '-n', FUNCTIONS).data[key]!, 'base64').toString()
}

function kubectlJson<T> (...args: string[]): T {
  return JSON.parse(kubectl(...args, '-o', 'json')) as T
}

function kubectl (...args: string[]): string {
  return execFileSync('kubectl', args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
}

function kubectlWith (input: string, ...args: string[]): string {
  return execFileSync('kubectl', args, { input, encoding: 'utf8', maxBuffer: 2 ** 26 })
}
