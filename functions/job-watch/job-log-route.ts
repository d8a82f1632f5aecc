import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { jobOf } from '../../shared/access/job-of.ts'
import { checkConditions, conditionHeaders, dateConditionHeaders } from '../../shared/http/conditions/check-conditions.ts'
import { httpDate } from '../../shared/http/conditions/http-date.ts'
import { notChanged, plainText } from '../../shared/http/openapi/answers.ts'
import { problems } from '../../shared/http/openapi/problem-responses.ts'
import { problem } from '../../shared/http/problem.ts'
import { selectBytes } from '../../shared/http/select-bytes.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { isLostLog } from '../../shared/job/lost-log.ts'
import { logKey } from '../../shared/store/bucket-layout.ts'
import { getTags, headObject, streamObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import type { JobWatchDeps } from './job-watch-deps.ts'
import { goneOrStopping } from '../../shared/http/streams/gone-or-stopping.ts'
import { WAIT_FOR_WHOLE_MS } from './log/follow-log.ts'
import { openPodLog } from './log/open-pod-log.ts'
import { streamText } from './stream-text.ts'
import { Tail } from './log/tail.ts'
import { tailRange } from './log/tail-range.ts'

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }

interface LogQuery {
  follow?: '0' | '1'
  tail?: number
}

/** The log of a job: from its pod while it runs, from the store when it has ended. */
export function jobLogRoute ({ store, cluster, join, times, stopping }: JobWatchDeps): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()

    app.route({
      method: ['GET', 'HEAD'],
      url: '/job/:id/log',
      exposeHeadRoute: false,
      config: { access: 'jobs:read' },
      schema: {
        operationId: 'getLog',
        tags: ['results'],
        summary: 'The log of the workload',
        description:
          'While the job runs: what its newest pod has written so far, as far as the node still has it. When it has ended: the stored log, at most its last 10 MiB, from the begin of a line; only this one has an ETag and takes `Range`. With `follow=1`, the answer goes on until the job ends, or for some minutes. Before the workload has started, and for a moment after its end, the problem is `log-not-available`, with `Retry-After`. For a job that never ran, or whose log is lost, the problem is `no-log`, and will stay.',
        params: Type.Object({ id: JobId }),
        querystring: Type.Object({
          follow: Type.Optional(
            Type.Union([Type.Literal('0'), Type.Literal('1')], { description: '1: goes on while the job runs' })
          ),
          tail: Tail
        }, { additionalProperties: false }),
        headers: Type.Object({
          range: Type.Optional(Type.String({ description: 'One range of bytes of a stored log' })),
          'if-range': Type.Optional(Type.String({ description: 'An ETag; if it is not the current one, the whole log' })),
          ...conditionHeaders,
          ...dateConditionHeaders
        }),
        response: {
          200: plainText(
            'The log',
            'ETag?',
            'Last-Modified?',
            'Accept-Ranges?',
            'Content-Length?',
            'X-Accel-Buffering?',
            'X-Content-Type-Options'
          ),
          206: plainText(
            'A part of the stored log',
            'ETag',
            'Last-Modified?',
            'Accept-Ranges',
            'Content-Length',
            'Content-Range',
            'X-Content-Type-Options'
          ),
          304: notChanged('Last-Modified?', 'Accept-Ranges'),
          ...problems(400, 404, 412, 416, 503)
        }
      },
      handler: async (request, reply) => {
        const { record } = await jobOf(store, request)
        const { id } = request.params
        const hasEnded = isTerminal(record.state)
        const head = hasEnded ? await keptLog(store, record) : undefined
        if (head !== undefined && await isLostLog(store, id, head.size)) {
          throw noLog(record, 'The job ran, but its pod was gone before the log could be read')
        }
        if (head !== undefined) return await sendStored(request, reply, id, head)
        return hasEnded || request.query.follow !== '1'
          ? await sendSoFar(request, reply, record)
          : await sendOn(request, reply)
      }
    })

    async function sendStored (
      request: FastifyRequest<{ Querystring: LogQuery }>,
      reply: FastifyReply,
      id: string,
      { size, etag, lastModified: stored }: { size: number, etag: string, lastModified: string }
    ): Promise<FastifyReply> {
      const key = logKey(id)
      const lastModified = httpDate(stored)
      const representation = {
        etag,
        ...(lastModified && { 'last-modified': lastModified.toUTCString() }),
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-cache'
      }
      const judgement = checkConditions(request, { etag, lastModified })
      if (judgement === 'not modified') return await reply.code(304).headers(representation).send()
      const { tail } = request.query
      const isHead = request.method === 'HEAD'
      // A tail is a part already; a range of it would be a part of what nobody can name.
      const takesRange = !isHead && judgement === 'perform' && tail === undefined
      const selection = selectBytes(takesRange ? request.headers.range : undefined, size)
      const range = selection.status === 206
        ? { start: selection.start, end: selection.end }
        : tail === undefined
          ? undefined
          : await tailRange(store, key, { size, etag }, tail)
      const length = range === undefined ? size : range.end - range.start + 1
      // Opened before the headers are set: a problem must not have the headers of the log.
      const bytes = isHead || length === 0 ? undefined : await streamObject(store, key, { etag, range })
      if (!isHead && length > 0 && bytes === undefined) {
        throw problem('conflict', 'The log is being replaced by the whole of it; try again', { job_uuid: id })
      }
      return await reply.code(selection.status).headers({
        ...representation,
        ...TEXT,
        'content-length': length,
        ...(selection.status === 206 && {
          'content-range': `bytes ${selection.start}-${selection.end}/${size}`
        })
      }).send(bytes)
    }

    async function sendSoFar (
      request: FastifyRequest<{ Querystring: LogQuery }>,
      reply: FastifyReply,
      record: JobRecord
    ): Promise<FastifyReply> {
      const signal = goneOrStopping(reply.raw, stopping)
      const bytes = record.started_at === undefined
        ? undefined
        : await openPodLog(cluster, record.job_uuid, { tailLines: request.query.tail, signal })
      if (bytes === undefined) throw logToCome(record)
      reply.headers(TEXT)
      if (request.method !== 'HEAD') return await reply.send(bytes)
      bytes.destroy()
      return await reply.send()
    }

    async function sendOn (
      { params, admittedJob, query: { tail }, method }:
        & FastifyRequest<{ Params: { id: string }, Querystring: LogQuery }>,
      reply: FastifyReply
    ): Promise<FastifyReply> {
      reply.headers({ ...TEXT, 'x-accel-buffering': 'no' })
      if (method === 'HEAD') return await reply.send()
      const watched = join(await jobOf(store, { params, admittedJob }))
      reply.raw.once('close', watched.leave)
      const begin = tail === undefined ? 'start' : { tail }
      const text = streamText(watched, begin, times.longest, goneOrStopping(reply.raw, stopping))
      // The head does not wait for the first line. Fastify has set the headers when it connects the two streams.
      reply.raw.once('pipe', () => reply.raw.flushHeaders())
      return await reply.send(Readable.from(text, { objectMode: false }))
    }
  }
}

/**
 * The log that is kept of an ended job. A part of it, as `deploy` stores one before it cancels a job, counts only when
 * the rest has not come for a while.
 */
async function keptLog (
  store: Store,
  { job_uuid: id, finished_at: finishedAt = '' }: JobRecord
): Promise<Awaited<ReturnType<typeof headObject>>> {
  const head = await headObject(store, logKey(id))
  const isOld = !(Date.now() - Date.parse(finishedAt) < WAIT_FOR_WHOLE_MS)
  return head === undefined || isOld || (await getTags(store, logKey(id)))['whole'] !== 'false' ? head : undefined
}

/** Why there is no log yet, or never will be. Only in the first case does it make sense to ask again. */
function logToCome (record: JobRecord): Error {
  const { job_uuid: id, state, started_at: startedAt } = record
  if (isTerminal(state) && startedAt === undefined) return noLog(record, 'The job never ran, so it has no log')
  const detail = isTerminal(state)
    ? 'The job has ended, but its log is not stored yet; try again in a moment'
    : startedAt === undefined
      ? 'The job has not started yet; try again when it runs'
      : 'The log of the running job cannot be read yet; try again in a moment'
  return problem('log-not-available', detail, { job_uuid: id, headers: { 'retry-after': '5' } })
}

function noLog ({ job_uuid: id }: JobRecord, detail: string): Error {
  return problem('no-log', detail, { job_uuid: id })
}
