/**
 * A thin API server for the bench: it keeps Jobs, pods, ConfigMaps and Secrets in memory, checks nothing and runs
 * nothing. It is much faster than a real one, so that what is measured is what asks it. Below `/-/` it takes objects
 * and changes that no function may make.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { parseSelector } from '../../../knative/local/kubernetes/selector.ts'
import { managedFieldsOf, podOf, withStatus } from './api-objects.ts'

export interface StubObject {
  kind: string
  apiVersion: string
  metadata: {
    name: string
    namespace: string
    uid: string
    resourceVersion: string
    labels?: Record<string, string>
    [field: string]: unknown
  }
  spec?: any
  status?: any
}

const kinds: Record<string, { kind: string, apiVersion: string }> = {
  jobs: { kind: 'Job', apiVersion: 'batch/v1' },
  pods: { kind: 'Pod', apiVersion: 'v1' },
  configmaps: { kind: 'ConfigMap', apiVersion: 'v1' },
  secrets: { kind: 'Secret', apiVersion: 'v1' }
}
const objects = new Map(Object.keys(kinds).map((resource) => [resource, new Map<string, StubObject>()]))
let version = 1000
let log = Buffer.from('a line of the log\n')

const PATH = /^\/(?:apis\/batch\/v1|api\/v1)\/(?:namespaces\/([\w-]+)\/)?(jobs|pods|configmaps|secrets)(?:\/([\w.-]+)(\/log)?)?$/

const server = createServer((request, response) => {
  answer(request, response).catch((error: Error) => response.writeHead(500).end(String(error.stack)))
})
// A request of a client that had nothing to ask for a while must not meet a closing connection.
server.keepAliveTimeout = 600_000
server.listen(Number(process.env['PORT']), '127.0.0.1')

async function answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url!, 'http://stub')
  if (url.pathname.startsWith('/-/')) return await control(url, request, response)
  const [, namespace = '', resource = '', name, isLog] = PATH.exec(url.pathname) ?? []
  const all = objects.get(resource)
  if (all === undefined) return failure(response, 404, 'NotFound')
  if (isLog !== undefined) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(log)
    return
  }
  if (request.method === 'POST') {
    const body = await json(request) as StubObject
    if (all.has(body.metadata.name)) return failure(response, 409, 'AlreadyExists')
    const object = completed(resource, namespace, body)
    if (url.searchParams.get('dryRun') === null) all.set(object.metadata.name, object)
    return send(response, 201, wantsMetadata(request) ? metadataOf(object) : object)
  }
  if (name === undefined) {
    if (request.method === 'GET') return list(url, request, response, resource, [...all.values()])
    return failure(response, 405, 'MethodNotAllowed')
  }
  const found = all.get(name)
  if (found === undefined) return failure(response, 404, 'NotFound')
  if (request.method === 'GET') return send(response, 200, found)
  if (request.method === 'DELETE') {
    all.delete(name)
    return send(response, 200, found)
  }
  const change = await json(request) as object
  const changed = request.method === 'PUT' ? change as StubObject : merged(found, change) as StubObject
  changed.metadata.resourceVersion = String(++version)
  all.set(name, changed)
  send(response, 200, changed)
}

function wantsMetadata ({ headers: { accept = '' } }: IncomingMessage): boolean {
  return accept.includes('as=PartialObjectMetadata')
}

function metadataOf ({ metadata }: StubObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}

/** The objects that a selector finds, in pages if the request wants that; of each only its metadata if it asks so. */
function list (
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  resource: string,
  all: StubObject[]
): void {
  const matches = parseSelector(url.searchParams.get('labelSelector') ?? '')
  const found = all.filter(({ metadata: { labels = {} } }) => matches(labels))
  const from = Number(url.searchParams.get('continue') ?? 0)
  const limit = Number(url.searchParams.get('limit') ?? 0) || Infinity
  const page = found.slice(from, from + limit)
  const { kind, apiVersion } = kinds[resource]!
  const metadata = {
    resourceVersion: String(version),
    ...(from + limit < found.length && {
      continue: String(from + limit),
      remainingItemCount: found.length - from - page.length
    })
  }
  send(response, 200, wantsMetadata(request)
    ? {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: page.map(metadataOf)
      }
    : { kind: `${kind}List`, apiVersion, metadata, items: page })
}

/** `objects/<resource>` takes many; `complete/<job>` and `run/<job>` make its pod; `log` is the log of every pod. */
async function control (url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, , what = '', name = ''] = url.pathname.split('/')
  if (what === 'log') {
    log = Buffer.alloc(Number(name), 'a line of the log\n')
  } else if (what === 'objects') {
    for (const one of await json(request) as StubObject[]) {
      const object = completed(name, one.metadata.namespace, one)
      objects.get(name)!.set(object.metadata.name, object)
    }
  } else {
    const job = objects.get('jobs')!.get(name)
    if (job === undefined) return failure(response, 404, 'NotFound')
    const changed = withStatus(job, what === 'complete', String(++version))
    const pod = podOf(changed, objects.get('pods')!.get(name)?.metadata.uid ?? randomUUID(), what === 'complete')
    objects.get('jobs')!.set(name, changed)
    objects.get('pods')!.set(name, pod)
    return send(response, 200, { job: changed, pod })
  }
  send(response, 200, {})
}

/** What an API server adds to an object. */
function completed (resource: string, namespace: string, body: StubObject): StubObject {
  return {
    ...kinds[resource],
    ...body,
    metadata: {
      ...body.metadata,
      namespace,
      uid: body.metadata.uid ?? randomUUID(),
      resourceVersion: String(++version),
      generation: 1,
      creationTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
      managedFields: managedFieldsOf(body)
    }
  }
}

function merged (value: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change
  const result = { ...value as object } as Record<string, unknown>
  for (const [name, one] of Object.entries(change)) {
    if (one === null) delete result[name]
    else result[name] = merged(result[name], one)
  }
  return result
}

function failure (response: ServerResponse, code: number, reason: string): void {
  send(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message: reason, code })
}

function send (response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes)
}
