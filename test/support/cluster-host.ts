import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CloudEvent, HTTP } from 'cloudevents'
import type { Test } from 'tap'
import { makeBucket } from '../../knative/local/store/store.ts'
import type { Overrides, TestedHost } from './host.ts'
import { isServing } from './is-serving.ts'
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

/** The kind of the object that runs a function: a Knative Service, or without Serving a Deployment of the same name. */
const KIND = process.env['E2E'] === 'lean' ? 'deployment' : 'ksvc'

/** The object that is mounted for each setting that names a folder. A test can replace its data. */
const FOLDERS = {
  TEMPLATES_DIR: { kind: 'ConfigMap', name: 'gx4ki-templates' },
  CONNECTORS_DIR: { kind: 'ConfigMap', name: 'gx4ki-connectors' },
  CONNECTOR_SECRETS_DIR: { kind: 'Secret', name: 'gx4ki-connector-secrets' },
  WEBHOOK_SECRETS_DIR: { kind: 'Secret', name: 'gx4ki-webhook-secrets' }
}

const NAMES = ['deploy', 'job-completed', 'job-watch', 'result-fetch', 'result-upload']

/**
 * The functions on the cluster that KUBECONFIG names, with the settings of one test. It uses kubectl for the changes
 * that the local host makes itself. All other parts are those of the cluster.
 */
export async function clusterHost (t: Test, env: Overrides): Promise<TestedHost> {
  const store = {
    endpoint: `http://${addressOf(FUNCTIONS, 'minio')}:9000`,
    region: 'us-east-1',
    accessKey: secret('gx4ki-store', 'access-key'),
    secretKey: secret('gx4ki-store', 'secret-key')
  }
  await makeBucket(store, env['*']!['S3_BUCKET']!)
  // The test sends the pings itself. Jobs of earlier tests must be gone.
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
        // Kubernetes delays each restart of a crashing container a little longer. The container of a new pod starts at
        // once.
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
        const address = KIND === 'ksvc' ? addressOf('kourier-system', 'kourier-internal') : addressOf(FUNCTIONS, name)
        await poll(`${name} answers`, async () => await isServing(address, `${name}.${FUNCTIONS}.svc.cluster.local`), 60)
      }
    }),
    kubernetesAs: (name) => ({
      url: 'https://127.0.0.1:6443',
      token: kubectl('create', 'token', name, '-n', FUNCTIONS).trim()
    }),
    /** A real adapter sends no events for changes that happened while it was stopped. */
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
    /** Sends a ping to the Broker, which answers after the functions have answered. */
    async ping () {
      const { headers, body } = HTTP.binary(
        new CloudEvent({
          type: 'dev.knative.sources.ping',
          source: '/apis/v1/namespaces/gx4ki/pingsources/reconcile',
          data: {}
        })
      )
      const broker = `http://${addressOf('knative-eventing', 'broker-ingress')}/${FUNCTIONS}/gx4ki`
      // Tries again while the Broker does not answer, as Knative's own source does.
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

/** The log lines of the pods that exist now. */
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
  // Knative's controllers may change the same object at the same time.
  await poll(`${name} takes its new environment`, () => replaceEnvironment(name, env), 60)
  await poll(`${name} is ready with its new environment`, () => isReady(name), 120)
}

/** Returns `false` when another client has changed the object in the meantime. */
function replaceEnvironment (name: string, { KUBECONFIG: kubeconfig, ...env }: Record<string, string>): boolean {
  const manifest = withoutServerFields(kubectlJson<Manifest>('get', KIND, name, '-n', FUNCTIONS))
  const { spec } = manifest.spec.template
  const [container] = spec.containers
  const kept = container!.env.filter(({ value, name }) => value === undefined || name === 'HOST')
  container!.env = [
    ...kept,
    ...Object.entries(env).filter(([name]) => !(name in FOLDERS)).map(([name, value]) => ({ name, value }))
  ]
  // Mounts the kubeconfig of the test into the pod.
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

/**
 * Replaces the object that the functions mount. Its data are the files of the folder, or nothing when the test has no
 * such folder.
 */
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
