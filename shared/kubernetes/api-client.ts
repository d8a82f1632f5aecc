import type { V1DeleteOptions, V1Job, V1JobList, V1PodList, V1Status } from '@kubernetes/client-node'
import { readAll } from '../http/bodies/read-all.ts'
import type { ApiServer } from './api-server.ts'
import { type ApiRequest, askApiServer } from './ask-api-server.ts'
import { withTimes } from './with-times.ts'

interface Named {
  namespace: string
  name: string
}

export interface ListQuery {
  namespace: string
  labelSelector?: string
  fieldSelector?: string
  limit?: number
  _continue?: string
  resourceVersion?: string
  resourceVersionMatch?: 'Exact' | 'NotOlderThan'
  /** Whether only the metadata of the objects is wanted: a fraction of the bytes, and of the work of the API server. */
  metadataOnly?: boolean
}

interface Deletion extends Named {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  body?: V1DeleteOptions
}

/** What the functions call of the API of Jobs; client-node's `BatchV1Api` has the same names, and more of them. */
export interface BatchApi {
  readNamespacedJob: (which: Named) => Promise<V1Job>
  listNamespacedJob: (query: ListQuery) => Promise<V1JobList>
  deleteNamespacedJob: (deletion: Deletion) => Promise<V1Status>
}

/** The same of the API of pods. */
export interface CoreApi {
  listNamespacedPod: (query: ListQuery) => Promise<V1PodList>
}

const JOBS = 'apis/batch/v1'
const CORE = 'api/v1'

const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/*
 * Instead of client-node, whose generated code was half of the CPU time of a cold start. Like it, an answer has dates
 * for times and `_continue` for the field `continue`, and what is not 2xx is an error with `code` and `body`.
 */
export function batchApi (api: ApiServer): BatchApi {
  return {
    readNamespacedJob: async ({ namespace, name }) => await read(api, pathOf(JOBS, namespace, 'jobs', name)),
    listNamespacedJob: async (query) => await list(api, JOBS, 'jobs', query),
    deleteNamespacedJob: async ({ namespace, name, propagationPolicy, body = {} }) =>
      await call(api, pathOf(JOBS, namespace, 'jobs', name), {
        method: 'DELETE',
        body: JSON.stringify({ ...body, ...(propagationPolicy && { propagationPolicy }) })
      })
  }
}

export function coreApi (api: ApiServer): CoreApi {
  return { listNamespacedPod: async (query) => await list(api, CORE, 'pods', query) }
}

const pathOf = (group: string, namespace: string, ...names: string[]): string =>
  ['', group, 'namespaces', ...[namespace, ...names].map(encodeURIComponent)].join('/')

async function read<T extends object> (api: ApiServer, path: string): Promise<T> {
  return withTimes(await call<T>(api, path))
}

async function list<T extends V1JobList | V1PodList> (
  api: ApiServer,
  group: string,
  resource: string,
  { namespace, metadataOnly = false, _continue, ...query }: ListQuery
): Promise<T> {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...query, continue: _continue })) {
    if (value !== undefined) search.set(name, String(value))
  }
  const path = pathOf(group, namespace, resource) + (search.size > 0 ? `?${search}` : '')
  const answer = await call<T>(api, path, metadataOnly ? { headers: { accept: METADATA } } : {})
  const { continue: next, ...metadata } = (answer?.metadata ?? {}) as Record<string, string>
  return {
    ...answer,
    metadata: { ...metadata, ...(next && { _continue: next }) },
    items: (answer?.items ?? []).map((item) => withTimes(item))
  }
}

async function call<T> (api: ApiServer, path: string, request: ApiRequest = {}): Promise<T> {
  const response = await askApiServer({ api }, path, request)
  const status = response.statusCode!
  const body = (await readAll(response)).toString()
  if (status < 200 || status > 299) {
    const { method = 'GET' } = request
    throw Object.assign(new Error(`${method} ${path}: the API server answered ${status}`), { code: status, body })
  }
  return JSON.parse(body) as T
}
