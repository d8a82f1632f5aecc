import { createServer, type ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { JOB_LABEL, MANAGED_BY, objectName } from '../../shared/kubernetes/cluster.ts'
import { listen } from '../support/listen.ts'

/** When all these jobs started. Kubernetes has times of whole seconds. */
export const STARTED = '2026-11-29T00:00:00Z'

/** About as large as the fields that the API server keeps for each writer of an object. */
const managedFields = Array.from({ length: 2 }, (_, at) => ({
  manager: `manager-${at}`,
  fieldsV1: Object.fromEntries(Array.from({ length: 30 }, (_, field) => [`f:field-${field}`, {}]))
}))

const LOG = Buffer.alloc(10 * 1024 * 1024, `${'a line of a log '.repeat(6)}\n`)

/**
 * An API server that makes its Jobs and pods up: of the `open` jobs, which run until they are `ended`, and of finished
 * ones, which nobody should ask for. It answers only what the functions ask for in this test.
 */
export async function apiServerStub (t: Test, open: ReadonlySet<string>, finished: string[]) {
  const ended = new Set<string>()
  let requests = 0
  let connections = 0

  function metadataOf (id: string, name: string): object {
    return {
      name,
      namespace: 'gx4ki-jobs',
      uid: `uid-of-${name}`,
      resourceVersion: ended.has(id) ? '2' : '1',
      creationTimestamp: STARTED,
      labels: { ...MANAGED_BY, [JOB_LABEL]: id },
      managedFields
    }
  }

  function jobOf (id: string): object {
    const hasEnded = ended.has(id) || !open.has(id)
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: metadataOf(id, objectName(id)),
      spec: { suspend: false },
      status: {
        startTime: STARTED,
        ...(hasEnded
          ? { succeeded: 1, conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: STARTED }] }
          : { active: 1 })
      }
    }
  }

  function podOf (id: string): object {
    const hasEnded = ended.has(id) || !open.has(id)
    const state = hasEnded
      ? { terminated: { exitCode: 0, startedAt: STARTED, finishedAt: STARTED } }
      : { running: { startedAt: STARTED } }
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: metadataOf(id, `${objectName(id)}-x`),
      spec: { containers: [{ name: 'workload', image: 'none', env: [{ name: 'A', value: 'b'.repeat(500) }] }] },
      status: { phase: hasEnded ? 'Succeeded' : 'Running', containerStatuses: [{ name: 'workload', state }] }
    }
  }

  function list (resource: string, query: URLSearchParams, accept: string): object {
    const [, named] = / in \(([^)]*)\)/.exec(query.get('labelSelector') ?? '') ?? []
    const [, one] = new RegExp(`^${JOB_LABEL}=(.*)$`).exec(query.get('labelSelector') ?? '') ?? []
    const ids = (named ?? one)?.split(',').filter((id) => open.has(id)) ?? [...open, ...finished]
    const items = ids.map(resource === 'jobs' ? jobOf : podOf)
    return accept.includes('as=PartialObjectMetadataList')
      ? {
          apiVersion: 'meta.k8s.io/v1',
          kind: 'PartialObjectMetadataList',
          metadata: {},
          items: items.map((item) => ({ metadata: (item as { metadata: object }).metadata }))
        }
      : { apiVersion: 'v1', kind: 'List', metadata: {}, items }
  }

  const server = createServer((request, response) => {
    requests++
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
    const [, resource = '', name, log] = /\/namespaces\/gx4ki-jobs\/(jobs|pods)(?:\/([^/]+)(\/log)?)?$/.exec(pathname) ?? []
    if (log !== undefined) return response.writeHead(200, { 'content-type': 'text/plain' }).end(LOG)
    const id = name?.slice(objectName('').length)
    if (id !== undefined && !open.has(id)) return send(response, 404, { kind: 'Status', status: 'Failure', code: 404 })
    send(response, 200, id === undefined ? list(resource, searchParams, request.headers.accept ?? '') : jobOf(id))
  })
  server.on('connection', () => connections++)
  return {
    url: await listen(t, server),
    ended,
    count: () => ({ requests, connections })
  }
}

function send (response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
