import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CloudEvent, HTTP } from 'cloudevents'
import type { Test } from 'tap'
import { makeBucket } from '../../knative/local/store/store.ts'
import type { Overrides, TestedHost } from './host.ts'
import { kubectl, kubectlJson, kubectlWith } from './kubectl.ts'
import { poll } from './poll.ts'
import { processesWith } from './processes-with.ts'

interface Named {
  name: string
  [field: string]: unknown
}

interface Manifest {
  metadata: { name: string, resourceVersion?: string }
  spec: {
    template: {
      metadata?: { annotations?: Record<string, string> }
      spec: { containers: { env: { name: string, value?: string }[], volumeMounts?: Named[] }[], volumes?: Named[] }
    }
  }
  status?: {
    conditions?: { type: string, status: string }[]
    observedGeneration?: number
    latestReadyRevisionName?: string
    latestCreatedRevisionName?: string
    updatedReplicas?: number
    availableReplicas?: number
  }
}

const FUNCTIONS = 'gx4ki'
const JOBS = 'gx4ki-jobs'

/** What a function is there: a Knative Service, or, without Serving, a Deployment of that name. */
const KIND = process.env['E2E'] === 'lean' ? 'deployment' : 'ksvc'

/** What is mounted where a test has a folder of its own. */
const FOLDERS = {
  TEMPLATES_DIR: { kind: 'ConfigMap', name: 'gx4ki-templates' },
  CONNECTORS_DIR: { kind: 'ConfigMap', name: 'gx4ki-connectors' },
  CONNECTOR_SECRETS_DIR: { kind: 'Secret', name: 'gx4ki-connector-secrets' },
  WEBHOOK_SECRETS_DIR: { kind: 'Secret', name: 'gx4ki-webhook-secrets' }
}

const NAMES = ['deploy', 'job-completed', 'result-fetch', 'result-upload']

/**
 * The functions as they run on the cluster that KUBECONFIG names, with settings for one test. What the local host does
 * for it, this does with kubectl; all the rest is the cluster's own.
 */
export async function clusterHost (t: Test, env: Overrides): Promise<TestedHost> {
  const store = {
    endpoint: `http://${addressOf(FUNCTIONS, 'minio')}:9000`,
    region: 'us-east-1',
    accessKey: secret('gx4ki-store', 'access-key'),
    secretKey: secret('gx4ki-store', 'secret-key')
  }
  await makeBucket(store, env['*']!['S3_BUCKET']!)
  // Pings come when the test says so, and what another test left is not there.
  kubectl('delete', 'pingsource', 'reconcile', '-n', FUNCTIONS, '--ignore-not-found')
  kubectl('delete', 'jobs', '-n', JOBS, '--all', '--cascade=foreground')
  const url = `http://${addressOf(FUNCTIONS, 'entry')}`
  const all = Object.assign({}, env['*'], ...NAMES.map((name) => env[name])) as Record<string, string>
  for (const [name, object] of Object.entries(FOLDERS)) replaceFolder(object, all[name])
  await Promise.all(
    NAMES.map(async (name) => await setEnvironment(name, { PUBLIC_URL: url, ...env['*'], ...env[name] }))
  )

  const source = withoutServerFields(kubectlJson<object>('get', 'apiserversource', 'jobs', '-n', JOBS))
  const startSource = async (): Promise<void> => {
    apply(source)
    kubectl('wait', '--for=condition=Ready', '--timeout=90s', '-n', JOBS, 'apiserversource/jobs')
  }
  t.teardown(startSource)
  t.teardown(() => {
    if (!t.passing()) console.error(logOf().join('\n'))
  })

  return {
    url,
    store,
    kubeconfig: process.env['KUBECONFIG']!,
    get log () {
      return logOf()
    },
    service: (name) => ({
      async kill (signal) {
        for (const pid of processesWith(`dist/${name}.cjs`)) process.kill(pid, signal)
        // A container that crashes again and again is started later each time; that of a new pod is not.
        kubectl(
          'delete',
          'pod',
          '-n',
          FUNCTIONS,
          '-l',
          `serving.knative.dev/service=${name}`,
          '--grace-period=0',
          '--force',
          '--ignore-not-found'
        )
      },
      async ready () {
        await poll(`${name} is ready`, () => isReady(name), 60)
      }
    }),
    kubernetesAs: (name) => ({
      url: 'https://127.0.0.1:6443',
      token: kubectl('create', 'token', name, '-n', FUNCTIONS).trim()
    }),
    /** Real adapters tell nothing of what was while they were away. */
    source: {
      start: startSource,
      async stop () {
        kubectl('delete', 'apiserversource', 'jobs', '-n', JOBS, '--ignore-not-found', '--wait=true')
        await poll(
          'the adapter is gone',
          () => kubectl('get', 'pods', '-n', JOBS, '-l', 'eventing.knative.dev/sourceName=jobs', '-o', 'name') === ''
        )
      }
    },
    /** To the Broker, which answers when the functions have. */
    async ping () {
      const { headers, body } = HTTP.binary(
        new CloudEvent({
          type: 'dev.knative.sources.ping',
          source: '/apis/v1/namespaces/gx4ki/pingsources/reconcile',
          data: {}
        })
      )
      const broker = `http://${addressOf('knative-eventing', 'broker-ingress')}/${FUNCTIONS}/gx4ki`
      // As Knative's own source does, where the Broker is away for a moment.
      await poll('the Broker takes a ping', async () => {
        const response = await fetch(broker, {
          method: 'POST',
          headers: headers as Record<string, string>,
          body: body as string
        }).catch(() => undefined)
        return response?.status === 202
      }, 60)
    }
  }
}

/** Of the pods that are there. */
function logOf (): string[] {
  return NAMES.flatMap((name) =>
    kubectl(
      'logs',
      '-n',
      FUNCTIONS,
      '-l',
      `serving.knative.dev/service=${name}`,
      '-c',
      name,
      '--tail=-1',
      '--ignore-errors'
    ).split('\n')
  )
}

async function setEnvironment (name: string, env: Record<string, string>): Promise<void> {
  // Knative's controllers may be at the same object.
  await poll(`${name} takes its new environment`, () => replaceEnvironment(name, env), 60)
  await poll(`${name} is ready with its new environment`, () => isReady(name), 120)
}

/** `false` when somebody else changed the Service meanwhile. */
function replaceEnvironment (name: string, { KUBECONFIG: kubeconfig, ...env }: Record<string, string>): boolean {
  const manifest = withoutServerFields(kubectlJson<Manifest>('get', KIND, name, '-n', FUNCTIONS))
  const { spec } = manifest.spec.template
  const [container] = spec.containers
  const kept = container!.env.filter(({ value, name }) => value === undefined || name === 'HOST')
  container!.env = [
    ...kept,
    ...Object.entries(env).filter(([name]) => !(name in FOLDERS)).map(([name, value]) => ({ name, value }))
  ]
  // The file of the tests as a file of the pod.
  const [volumes, mounts] = [spec.volumes ?? [], container!.volumeMounts ?? []].map((list) =>
    list.filter(({ name }) => name !== 'test-kubeconfig')
  ) as [Named[], Named[]]
  if (kubeconfig !== undefined) {
    kubectlWith(
      kubectl(
        'create',
        'secret',
        'generic',
        `test-kubeconfig-${name}`,
        '-n',
        FUNCTIONS,
        `--from-file=kubeconfig=${kubeconfig}`,
        '--dry-run=client',
        '-o',
        'json'
      ),
      'apply',
      '-f',
      '-'
    )
    volumes.push({ name: 'test-kubeconfig', secret: { secretName: `test-kubeconfig-${name}` } })
    mounts.push({ name: 'test-kubeconfig', mountPath: '/etc/gx4ki/kubeconfig', readOnly: true })
    container!.env.push({ name: 'KUBECONFIG', value: '/etc/gx4ki/kubeconfig/kubeconfig' })
  }
  Object.assign(spec, { volumes })
  Object.assign(container!, { volumeMounts: mounts })
  try {
    kubectlWith(JSON.stringify(manifest), 'replace', '-f', '-')
    return true
  } catch (error) {
    if (!(error as Error).message.includes('(Conflict)')) throw error
    return false
  }
}

function isReady (name: string): boolean {
  const { metadata, status } = kubectlJson<Manifest & { metadata: { generation: number } }>(
    'get',
    KIND,
    name,
    '-n',
    FUNCTIONS
  )
  if (status?.observedGeneration !== metadata.generation) return false
  if (KIND === 'deployment') return status.updatedReplicas === 1 && status.availableReplicas === 1
  return status.latestReadyRevisionName === status.latestCreatedRevisionName &&
    status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
}

/** Files of a folder as the data of the object that the functions mount; none when the test has no such folder. */
function replaceFolder (
  { kind, name }: { kind: string, name: string },
  folder: string | undefined
): void {
  const files = folder === undefined
    ? []
    : readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')])
  kubectl('delete', kind, name, '-n', FUNCTIONS, '--ignore-not-found')
  kubectlWith(
    JSON.stringify({
      apiVersion: 'v1',
      kind,
      metadata: { name, namespace: FUNCTIONS },
      [kind === 'Secret' ? 'stringData' : 'data']: Object.fromEntries(files)
    }),
    'create',
    '-f',
    '-'
  )
}

function withoutServerFields<T extends object> (object: T): T {
  const { status, metadata, ...rest } = structuredClone(object) as {
    status?: object
    metadata: Record<string, unknown>
  }
  for (
    const field of [
      'resourceVersion',
      'uid',
      'generation',
      'creationTimestamp',
      'managedFields',
      'ownerReferences',
      'finalizers'
    ]
  ) delete metadata[field]
  return { ...rest, metadata } as unknown as T
}

function apply (object: object): void {
  kubectlWith(JSON.stringify(object), 'apply', '--server-side', '--force-conflicts', '-f', '-')
}

function addressOf (namespace: string, service: string): string {
  return kubectlJson<{ spec: { clusterIP: string } }>('get', 'service', service, '-n', namespace).spec.clusterIP
}

function secret (name: string, key: string): string {
  return Buffer.from(
    kubectlJson<{ data: Record<string, string> }>('get', 'secret', name, '-n', FUNCTIONS).data[key]!,
    'base64'
  ).toString()
}
