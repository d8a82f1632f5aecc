import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { deploy, type DeployOptions } from '../../functions/deploy/app.ts'
import { parseTemplate, type Template } from '../../functions/deploy/templates/read-templates.ts'
import { admitCallers, type CallerSettings } from '../../shared/access/admit-callers.ts'
import { callersApi } from '../../shared/http/callers-api.ts'
import type { Connector } from '../../shared/connector/connectors.ts'
import type { EgressRules } from '../../shared/egress/egress-rules.ts'
import type { Cluster } from '../../shared/kubernetes/cluster.ts'
import { LISTED_UNTIL_KEY } from '../../shared/store/bucket-layout.ts'
import { listAll } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { clusterOf } from './cluster-of.ts'
import { testKubernetes } from './local-kubernetes.ts'
import { serve } from './serve.ts'
import { testStore } from './store.ts'

const env = `
type: object
properties:
  DURATION: { type: integer, minimum: 1, maximum: 3600, default: 15, description: Duration in seconds }
  MODE: { type: string, enum: [fast, slow], default: fast, description: Speed }
  NAME: { type: string, description: Name of the user }
  PASSWORD: { type: string, minLength: 4, writeOnly: true, description: Password of the user }
`

/** A template whose Jobs are suspended, so that nothing runs. */
function template (
  name: string,
  spec: object = {},
  labels: object = {},
  pod: object = {}
): Template {
  return parseTemplate(JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      annotations: {
        'gx4ki.io/description': `the template ${name}`,
        'gx4ki.io/env': env,
        'gx4ki.io/results': '/results',
        'gx4ki.io/result': 'out.txt'
      },
      labels
    },
    spec: { suspend: true, ...spec, template: { spec: { containers: [{ name: 'workload', image: 'none' }], ...pod } } }
  }))
}

export const templates = new Map([
  template('test'),
  template('other'),
  // Kubernetes rejects a negative backoffLimit.
  template('refused', { backoffLimit: -1 }),
  template('queued', {}, { 'kueue.x-k8s.io/queue-name': 'of-the-template' }),
  // Too short a time for its results.
  template('hasty', {}, {}, { terminationGracePeriodSeconds: 30 })
].map((one) => [one.name, one]))

export const tokenKey = randomBytes(32).toString('hex')

/**
 * The options that a test changes. `table` contains the connectors. `callers` contains the settings for credentials.
 */
type Testing = Partial<Omit<DeployOptions, 'connectors'>> & { table?: Connector[], callers?: Partial<CallerSettings> }

export const resultTokenKey = randomBytes(32).toString('hex')

function connectorsOf (table: Connector[] = []) {
  const usable = new Map(table.map((one) => [one.name, one]))
  return {
    connectors: () => ({ usable, refused: new Map() }),
    connectorSecrets: '/nonexistent',
    resultTokenKey,
    publicUrl: ''
  }
}

const nowhere: EgressRules = { allowed: new Set(), denied: [] }

/** Starts deploy. It asks for credentials only when `callers` has settings for them. */
export async function deployWith (
  t: Test,
  { store, cluster, table, callers, ...more }: { store: Store, cluster: Cluster } & Testing
) {
  const settings = { namespace: cluster.namespace, image: 'none', uploadUrl: 'http://127.0.0.1:9' }
  const { url } = await serve(
    t,
    deploy({
      store,
      cluster,
      templates: () => ({ usable: templates, refused: new Map([['broken.yaml', 'it is not a Job']]) }),
      tokenKey,
      hasSink: false,
      remind: () => {},
      settings,
      defaultTemplate: 'test',
      demoWait: 0,
      egress: nowhere,
      webhooks: { egress: nowhere, secretsDir: undefined, defaultSecret: undefined },
      takesJobRequests: false,
      ...connectorsOf(table),
      ...more
    }),
    { ...admitCallers('test', { HOST: '127.0.0.1', ...callers }, store), elsewhere: { ...callersApi['result-fetch'], ...callersApi['job-watch'] } }
  )
  const ping = { 'ce-id': '1', 'ce-source': '/ping', 'ce-type': 'dev.knative.sources.ping', 'ce-specversion': '1.0' }
  return {
    url,
    post: async (
      body: object,
      { headers = {}, query = '' }: { headers?: Record<string, string>, query?: string } = {}
    ) =>
      await fetch(`${url}/job/deploy${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body)
      }),
    keep: async (id: string, body: unknown) =>
      await fetch(`${url}/job/${id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body)
      }),
    remove: async (id: string, { headers = {} }: { headers?: Record<string, string> } = {}) =>
      await fetch(`${url}/job/${id}`, { method: 'DELETE', headers }),
    ping: async () => await fetch(url, { method: 'POST', headers: ping })
  }
}

/** Starts deploy with a new bucket (or the given store) and the stand-in for Kubernetes. */
export async function deployServer (t: Test, { store, ...more }: { store?: Store } & Testing = {}) {
  const own = store ?? await testStore(t)
  const cluster = clusterOf(await testKubernetes(t))
  return { store: own, cluster, ...await deployWith(t, { store: own, cluster, ...more }) }
}

/** All keys in the bucket, without that of the object in which pings note how far the lists of jobs reach. */
export async function keysOf (store: Store): Promise<string[]> {
  const keys = []
  for await (const { key } of listAll(store, '', { tags: false })) if (key !== LISTED_UNTIL_KEY) keys.push(key)
  return keys
}
