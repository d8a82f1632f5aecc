import type { FastifyPluginAsync } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { seenOwner } from '../../shared/access/caller.ts'
import { judgeResultToken, resultTokenIn } from '../../shared/access/result-token.ts'
import { contentDisposition } from '../../shared/http/content-disposition.ts'
import { problems } from '../../shared/http/problem-responses.ts'
import { invalidField, problem, unknownJob } from '../../shared/http/problem.ts'
import { CallbackView, callbackView } from '../../shared/job/callback-view.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal, State } from '../../shared/job/job-state.ts'
import { JobView, ListedJob, viewOf } from '../../shared/job/job-view.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { archiveResults } from '../../shared/results/archive-results.ts'
import { ResultName, wrongName } from '../../shared/results/result-name.ts'
import { findResult, listResults, ResultFile } from '../../shared/results/results.ts'
import { logKey } from '../../shared/store/bucket-layout.ts'
import { headObject, streamObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { countJobs } from './count-jobs.ts'
import { listJobs } from './list-jobs.ts'
import { matchesEtag } from './matches-etag.ts'
import { selectBytes } from './select-bytes.ts'
import { preferredWait, waitForJob } from './wait-for-job.ts'

const JobParams = Type.Object({ id: JobId })
const PAGE = 100
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: PAGE }))
const Cursor = Type.Union([Type.String(), Type.Null()], { description: 'Give it as cursor for the next page; null on the last one' })
const Bytes: object = { description: 'The bytes', content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } }
const Archive: object = { description: 'The archive', content: { 'application/x-tar': { schema: { type: 'string', format: 'binary' } } } }
const Text: object = { description: 'The bytes of the log', content: { 'text/plain': { schema: { type: 'string' } } } }
const NotChanged: object = { description: 'As the caller knows it', type: 'null' }

/** Reads state and serves bytes; has no rights in Kubernetes at all. */
export function resultFetch ({ store, resultTokenKey }: { store: Store, resultTokenKey?: string | undefined }): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    // A long poll must not hold up the end of the process.
    const stopping = new AbortController()
    app.addHook('preClose', async () => stopping.abort())

    app.get('/job', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'The jobs, newest first',
        querystring: Type.Object({
          state: Type.Optional(State),
          template: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
          limit: Limit,
          cursor: Type.Optional(JobId)
        }, { additionalProperties: false }),
        response: { 200: Type.Object({ jobs: Type.Array(ListedJob), next_cursor: Cursor }), ...problems(400, 503) }
      }
    }, async ({ query, caller }) => await listJobs(store, { limit: PAGE, ...query, owner: seenOwner(caller) }))

    app.get('/job/:id', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'One job',
        description: 'With `Prefer: wait=N` (at most 50 s) the answer waits for the end of the job, with `If-None-Match` beside it for any change.',
        params: JobParams,
        headers: Type.Object({
          prefer: Type.Optional(Type.String({ examples: ['wait=30'] })),
          'if-none-match': Type.Optional(Type.String())
        }),
        response: { 200: JobView, 304: NotChanged, ...problems(400, 404, 503) }
      }
    }, async (request, reply) => {
      const known = request.headers['if-none-match']
      const seconds = preferredWait(request.headers.prefer)
      const hungUp = new AbortController()
      request.raw.once('close', () => hungUp.abort())
      const found = await waitForJob(store, request.params.id, { seconds, known, signal: AbortSignal.any([stopping.signal, hungUp.signal]) })
      if (found === undefined) throw unknownJob(request.params.id)
      if (seconds > 0) reply.header('preference-applied', `wait=${seconds}`)
      reply.vary('prefer')
      reply.headers({ etag: found.etag, 'cache-control': 'no-cache' })
      if (known !== undefined && matchesEtag(known, found.etag)) return await reply.code(304).send()
      return viewOf(found.record)
    })

    app.get('/job/:id/result/list', {
      config: { access: 'jobs:read', ownCredential },
      schema: {
        summary: 'The result files of a job',
        description: 'In the order of their names; of a job that still runs, those that are there already.',
        params: JobParams,
        querystring: Type.Object({ limit: Limit, cursor: Type.Optional(ResultName) }, { additionalProperties: false }),
        response: { 200: Type.Object({ files: Type.Array(ResultFile), next_cursor: Cursor }), ...problems(400, 401, 403, 404, 503) }
      }
    }, async (request) => {
      const { limit = PAGE, cursor } = request.query
      checkName('cursor', cursor)
      const record = await recordOf(request)
      const { files, more } = await listResults(store, record, { limit, ...(cursor !== undefined && { after: cursor }) })
      return { files, next_cursor: (more && files.at(-1)?.name) || null }
    })

    app.get('/job/:id/result/archive', {
      exposeHeadRoute: false,
      config: { access: 'jobs:read', ownCredential },
      schema: {
        summary: 'All result files of a job in one tar archive',
        description: 'In the order of their names; only of a job that has ended, for by then there is no more to come.',
        params: JobParams,
        querystring: Type.Object({}, { additionalProperties: false }),
        response: { 200: Archive, ...problems(400, 401, 403, 404, 409, 503) }
      }
    }, async (request, reply) => {
      const record = await recordOf(request)
      if (!isTerminal(record.state)) throw problem('job-not-ended', 'The job still runs, and may make more files', { job_uuid: record.job_uuid })
      reply.headers({ 'content-type': 'application/x-tar', 'content-disposition': contentDisposition(`${record.job_uuid}.tar`) })
      return await reply.send(await archiveResults(store, record))
    })

    app.route({
      method: ['GET', 'HEAD'],
      url: '/job/:id/result',
      exposeHeadRoute: false,
      config: { access: 'jobs:read', ownCredential },
      schema: {
        summary: 'The bytes of a result file',
        description: 'One `Range` is served, several at once are answered with the whole file. The ETag is the sha256 of the file.',
        params: JobParams,
        querystring: Type.Object({ file: ResultName }, { additionalProperties: false }),
        headers: Type.Object({
          range: Type.Optional(Type.String({ examples: ['bytes=0-1023'] })),
          'if-range': Type.Optional(Type.String()),
          'if-none-match': Type.Optional(Type.String())
        }),
        response: { 200: Bytes, 206: Bytes, 304: NotChanged, ...problems(400, 401, 403, 404, 409, 416, 503) }
      },
      handler: async (request, reply) => {
        const { file } = request.query
        checkName('file', file)
        const record = await recordOf(request)
        const result = await findResult(store, record, file)
        if (result === undefined) throw problem('unknown-file', 'The job has no result file of this name', { job_uuid: record.job_uuid, errors: [{ field: 'file', message: 'is not among the results' }] })

        const isHead = request.method === 'HEAD'
        const etag = `"${result.sha256}"`
        const selection = selectBytes({
          // It is for GET alone (RFC 9110, 14.2).
          range: isHead ? undefined : request.headers.range,
          ifRange: request.headers['if-range'],
          ifNoneMatch: request.headers['if-none-match']
        }, etag, result.size)
        const representation = { etag, 'last-modified': result.lastModified, 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache' }
        if (selection.status === 304) return await reply.code(304).headers(representation).send()
        const range = selection.status === 206 ? { start: selection.start, end: selection.end } : undefined
        // Before the headers: those of a file do not go with a problem.
        const bytes = isHead ? undefined : await streamObject(store, result.key, result.etag, range)
        if (!isHead && bytes === undefined) throw problem('conflict', 'The file is just being replaced by the job; ask again', { job_uuid: record.job_uuid })
        reply.code(selection.status).headers({
          ...representation,
          'content-type': result.content_type,
          'content-length': range ? range.end - range.start + 1 : result.size,
          ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${result.size}` }),
          'content-disposition': contentDisposition(file),
          // RFC 9530: of the whole file, also in a partial answer.
          'repr-digest': `sha-256=:${Buffer.from(result.sha256, 'hex').toString('base64')}:`,
          // A result is whatever a job wrote; shown in a browser it must not act for this origin.
          'x-content-type-options': 'nosniff',
          'content-security-policy': 'sandbox'
        })
        return await reply.send(bytes)
      }
    })

    app.get('/job/:id/log', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'The log of the workload',
        description: 'Its last 10 MiB, kept when the job ends.',
        params: JobParams,
        response: { 200: Text, ...problems(400, 401, 403, 404, 503) }
      }
    }, async (request, reply) => {
      const record = await recordOf(request)
      const key = logKey(record.job_uuid)
      const head = await headObject(store, key)
      const bytes = head && await streamObject(store, key, head.etag)
      if (head === undefined || bytes === undefined) {
        throw problem('log-not-available', whyNoLog(record), { job_uuid: record.job_uuid, headers: { 'retry-after': '5' } })
      }
      return await reply.headers({ 'content-type': 'text/plain; charset=utf-8', 'content-length': head.size, 'x-content-type-options': 'nosniff' }).send(bytes)
    })

    app.get('/job/:id/callback', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'Who was to be told of the job, and how that went',
        params: JobParams,
        response: { 200: Type.Object({ callbacks: Type.Array(CallbackView) }), ...problems(400, 404, 503) }
      }
    }, async (request) => {
      const record = await recordOf(request)
      return { callbacks: (record.callbacks ?? []).map((callback) => callbackView(record, callback)) }
    })

    // Apart from /metrics, which is about one process: this is the same from each, and costs a listing.
    app.get('/metrics/jobs', { schema: { hide: true } }, async (_request, reply) => {
      const counted = await countJobs(store)
      return await reply.type(counted.contentType).send(await counted.metrics())
    })

    async function recordOf ({ params: { id }, headers: { authorization } }: { params: { id: string }, headers: { authorization?: string | undefined } }): Promise<JobRecord> {
      const found = await readRecord(store, id)
      const token = resultTokenIn(authorization)
      if (token !== undefined) checkToken(id, found?.record, token)
      if (found === undefined) throw unknownJob(id)
      return found.record
    }

    /** Of a job that is gone it is not said whether there was one. */
    function checkToken (id: string, record: JobRecord | undefined, token: string): void {
      const judged = record === undefined || resultTokenKey === undefined ? 'wrong' : judgeResultToken(resultTokenKey, record, token)
      if (judged === 'wrong') throw problem('unauthorized', 'The token does not open the results of this job', { job_uuid: id, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
      if (judged === 'revoked') throw problem('transfer-closed', 'The transfer that the token was made for has ended or is suspended', { job_uuid: id })
    }
  }
}

/** Of the routes that a token for results opens. */
function ownCredential (authorization: string | undefined): boolean {
  return resultTokenIn(authorization) !== undefined
}

function whyNoLog ({ state, started_at: startedAt }: JobRecord): string {
  if (!isTerminal(state)) return 'The log is kept when the job ends'
  return startedAt === undefined ? 'The job never ran, so it has no log' : 'The log is not kept yet; ask again in a moment'
}

function checkName (field: string, name: string | undefined): void {
  const wrong = name === undefined ? undefined : wrongName(name)
  if (wrong !== undefined) throw invalidField(field, wrong)
}
