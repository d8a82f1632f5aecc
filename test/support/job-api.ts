import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { newJobId } from '../../shared/job/job-id.ts'
import { httpServer, type Received } from './http-server.ts'

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

export interface JobApi {
  url: string
  id: string
  received: Received[]
  /** Of the job. */
  state: string
  files: Map<string, Buffer>
  /** Answers a request instead of the API, if it returns true. */
  instead: (request: Received, response: ServerResponse) => boolean
}

/** A server with the part of the API that concerns one job, which can answer as no gx4ki-jobs would. */
export async function jobApi (t: Test, files: Record<string, Buffer> = {}): Promise<JobApi> {
  const { url, received } = await httpServer(t, (request, response) => {
    if (!api.instead(request, response)) answer(api, request, response)
  })
  const api: JobApi = {
    url,
    id: newJobId(),
    received,
    state: 'succeeded',
    files: new Map(Object.entries(files)),
    instead: () => false
  }
  return api
}

function answer (api: JobApi, { method, url, headers }: Received, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://test')
  const [id, files] = [api.id, [...api.files]]
  if (method === 'POST' && pathname === '/job/deploy') {
    return answerJson(response, 202, { job_uuid: id, state: 'pending', links: {} })
  }
  if (pathname === `/job/${id}`) return answerJson(response, 200, viewOf(api))
  if (pathname === `/job/${id}/result/list`) {
    return answerJson(response, 200, {
      files: files.map(([name, bytes]) =>
        ({ name, size: bytes.length, sha256: sha256(bytes), sha256_checked: 'whole', content_type: 'text/plain' })),
      next_cursor: null,
      left_out: [],
      left_out_count: 0
    })
  }
  const bytes = api.files.get(searchParams.get('file') ?? '')
  if (pathname !== `/job/${id}/result` || bytes === undefined) {
    return answerProblem(response, 404, 'unknown-file')
  }
  const etag = `"${sha256(bytes)}"`
  if (headers['if-match'] !== undefined && headers['if-match'] !== etag) {
    return answerProblem(response, 412, 'precondition-failed')
  }
  const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? []
  const start = from !== undefined && headers['if-range'] === etag ? Number(from) : 0
  response.writeHead(start > 0 ? 206 : 200, {
    etag,
    'content-length': bytes.length - start,
    ...(start > 0 && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` })
  }).end(bytes.subarray(start))
}

export function answerJson (response: ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', etag: '"1"' }).end(JSON.stringify(document))
}

export function answerProblem (
  response: ServerResponse,
  status: number,
  kind: string,
  headers: Record<string, string> = {}
): void {
  const problem = { type: `urn:gx4ki:problem:${kind}`, title: `title of ${kind}`, status, detail: `detail of ${kind}` }
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify(problem))
}

export function viewOf ({ id, state }: Pick<JobApi, 'id' | 'state'>): object {
  const time = '2026-11-29T00:00:00.000Z'
  return {
    job_uuid: id,
    state,
    reason: null,
    message: null,
    results: { files: 0, bytes: 0, complete: true, left_out: [], left_out_count: 0 },
    template: 'drive',
    owner: null,
    created_at: time,
    started_at: time,
    finished_at: time,
    exit_code: 0,
    expires_at: time,
    callback: null,
    progress: null,
    env: {},
    history: [],
    links: {}
  }
}
