import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { admit } from './admission.ts'
import type { Host } from './container.ts'
import { type Propagation, requestDeletion } from './deletion.ts'
import { type Job, type Objects, type Pod, type Resource, resources } from './objects.ts'
import { listObjects } from './list-objects.ts'
import { metadataOf, wantsMetadata } from './metadata-only.ts'
import { patchObject } from './patch.ts'
import { podLog } from './pod-log.ts'
import { about, named, refusal } from './refusal.ts'
import { parseFieldSelector, parseSelector } from './selector.ts'
import { add, find, list } from './store.ts'
import { warningsFor } from './validation.ts'
import { watch } from './watch.ts'

/** One parsed request. `name` is empty for a collection; `body` is the JSON body. */
interface Call {
  host: Host
  resource: Resource
  namespace: string
  name: string
  query: Record<string, string>
  request: IncomingMessage
  body: Record<string, unknown>
}

/** The chunks of an endless response. The signal is aborted when the client has disconnected or the server stops. */
type Stream = (signal: AbortSignal) => AsyncIterable<string | Buffer>

const route = /^\/(?:api|apis)\/(v1|batch\/v1)\/namespaces\/([^/]+)\/([a-z]+)(?:\/([^/]+)(\/log)?)?$/

const verbs: Record<string, (call: Call) => object | Stream> = {
  'GET log': (call) => podLog(call.host, existing(call) as Pod, call.query),
  'GET object': existing,
  'GET collection': listOrWatch,
  'POST collection': create,
  'PATCH object': (call) =>
    patchObject(
      call.host.store,
      call.resource,
      existing(call),
      call.body,
      call.request.headers['content-type'],
      isDryRun(call)
    ),
  'DELETE object': deleteObject
}

/** Answers one request of the API. A refusal is thrown. `stopping` ends the endless responses. */
export async function answer (
  host: Host,
  request: IncomingMessage,
  response: ServerResponse,
  stopping: AbortSignal
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, version, namespace = '', kind = '', name = '', log] = route.exec(pathname) ?? []
  const resource = Object.hasOwn(resources, kind) ? kind as Resource : undefined
  if (!resource || resources[resource].apiVersion !== version || (log && resource !== 'pods')) {
    throw refusal('NotFound', 'the server could not find the requested resource')
  }
  const verb = verbs[`${request.method} ${log ? 'log' : name ? 'object' : 'collection'}`]
  if (!verb) throw refusal('MethodNotAllowed', 'the server does not allow this method on the requested resource')

  const query = Object.fromEntries(searchParams)
  const result = verb({ host, resource, namespace, name, query, request, body: parseBody(await text(request)) })
  if (typeof result !== 'function') {
    const warnings = request.method === 'POST' && resource === 'jobs' ? warningsFor(result as Job) : []
    if (warnings.length) response.setHeader('warning', warnings.map((text) => `299 - ${JSON.stringify(text)}`))
    const isMetadata = request.method !== 'DELETE' && wantsMetadata(request.headers.accept, 'PartialObjectMetadata')
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' }).end(
      JSON.stringify(isMetadata ? metadataOf(result as Objects[Resource]) : result)
    )
    return
  }
  const hungUp = new AbortController()
  response.once('close', () => hungUp.abort())
  response.writeHead(200, { 'content-type': log ? 'text/plain' : 'application/json' }).flushHeaders()
  await pipeline(Readable.from(result(AbortSignal.any([stopping, hungUp.signal]))), response)
}

function parseBody (json: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(json || '{}')
    if (typeof body === 'object' && body && !Array.isArray(body)) return body as Record<string, unknown>
  } catch (error) {
    throw refusal('BadRequest', `the object provided is unrecognized: ${String(error)}`)
  }
  throw refusal('BadRequest', 'the object provided is unrecognized: not a JSON object')
}

/** A job that ran when an earlier local host ended has this in the message of its end. */
const withoutEarlier = ({ began }: Host): string => `this local host was started at ${began}, without the Jobs of before`

function existing ({ host, resource, namespace, name }: Call): Objects[Resource] {
  const object = find(host.store, resource, namespace, name)
  if (!object) {
    const earlier = resource === 'jobs' ? ` (${withoutEarlier(host)})` : ''
    throw refusal('NotFound', `${named(resource, name)} not found${earlier}`, about(resource, name))
  }
  return object
}

function listOrWatch ({ host: { store }, resource, namespace, query, request }: Call): object | Stream {
  const hasLabels = parseSelector(query.labelSelector ?? '')
  const hasField = parseFieldSelector(query.fieldSelector ?? '')
  const matches = ({ metadata }: Objects[Resource]): boolean =>
    metadata.namespace === namespace && hasLabels(metadata.labels ?? {}) && hasField(metadata.name)
  if (query.watch !== 'true' && query.watch !== '1') {
    return listObjects(store, resource, list(store, resource).filter(matches), query, request.headers.accept)
  }
  const resourceVersion = Number(query.resourceVersion ?? 0)
  if (!Number.isInteger(resourceVersion)) {
    throw refusal('BadRequest', `invalid resource version "${query.resourceVersion}"`)
  }
  return (signal) =>
    watch(store, resource, matches, {
      resourceVersion,
      bookmarks: query.allowWatchBookmarks === 'true',
      signal: query.timeoutSeconds
        ? AbortSignal.any([signal, AbortSignal.timeout(Number(query.timeoutSeconds) * 1000)])
        : signal
    })
}

function create (call: Call): object {
  const { host: { store }, resource, namespace } = call
  // Like a real server, treat a null as a missing field.
  const object = admit(resource, namespace, JSON.parse(JSON.stringify(call.body), (_, value) => value ?? undefined))
  const { name } = object.metadata
  if (find(store, resource, namespace, name)) {
    throw refusal('AlreadyExists', `${named(resource, name)} already exists`, about(resource, name))
  }
  return isDryRun(call) ? object : add(store, resource, object)
}

function deleteObject (call: Call): object {
  const { host: { store }, resource, namespace, name, query, body } = call
  const object = existing(call)
  const { uid } = object.metadata
  const expected = (body.preconditions as { uid?: string } | undefined)?.uid
  if (expected && expected !== uid) {
    throw refusal(
      'Conflict',
      `Operation cannot be fulfilled on ${
        named(resource, name)
      }: Precondition failed: UID in precondition: ${expected}, UID in object meta: ${uid}`,
      about(resource, name)
    )
  }
  // Without a policy, the pods of a deleted batch/v1 Job keep running.
  const propagation = query.propagationPolicy ?? body.propagationPolicy ??
    (resource === 'jobs' ? 'Orphan' : 'Background')
  const grace = query.gracePeriodSeconds ?? body.gracePeriodSeconds
  if (isDryRun(call)) return object
  requestDeletion(store, resource, object, propagation as Propagation, grace === undefined ? undefined : Number(grace))
  return find(store, resource, namespace, name) ??
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { ...about(resource, name), uid } }
}

const isDryRun = ({ query, body }: Call): boolean => query.dryRun === 'All' || String(body.dryRun) === 'All'
