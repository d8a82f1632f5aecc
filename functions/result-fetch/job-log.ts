import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { jobOf } from '../../shared/access/job-of.ts'
import { checkConditions, conditionHeaders, dateConditionHeaders } from '../../shared/http/check-conditions.ts'
import { httpDate } from '../../shared/http/http-date.ts'
import { notChanged, plainText } from '../../shared/http/openapi/answers.ts'
import { problems } from '../../shared/http/openapi/problem-responses.ts'
import { problem } from '../../shared/http/problem.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { isLostLog } from '../../shared/job/lost-log.ts'
import { logKey } from '../../shared/store/bucket-layout.ts'
import { headObject, streamObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/** The log of a job, when it has ended. */
export function jobLog (store: Store): FastifyPluginAsync {
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
          'At most the last 10 MiB of the log, from the begin of a line. It is stored when the job ends; until then the problem is `log-not-available`, with `Retry-After`. For a job that never ran, or whose log is lost, the problem is `no-log`, and will stay.',
        params: Type.Object({ id: JobId }),
        headers: Type.Object({ ...conditionHeaders, ...dateConditionHeaders }),
        response: {
          200: plainText('The bytes of the log', 'ETag', 'Last-Modified?', 'Content-Length', 'X-Content-Type-Options'),
          304: notChanged('Last-Modified?'),
          ...problems(400, 404, 412, 503)
        }
      },
      handler: async (request, reply) => {
        const { id } = request.params
        const { record } = await jobOf(store, request)
        const key = logKey(id)
        const head = await headObject(store, key)
        if (head !== undefined && await isLostLog(store, id, head.size)) {
          throw noLog(record, 'The job ran, but its pod was gone before the log could be read')
        }
        if (head === undefined) throw logToCome(record)
        const lastModified = httpDate(head.lastModified)
        const representation = {
          etag: head.etag,
          ...(lastModified && { 'last-modified': lastModified.toUTCString() }),
          'cache-control': 'private, no-cache'
        }
        if (checkConditions(request, { etag: head.etag, lastModified }) === 'not modified') {
          return await reply.code(304).headers(representation).send()
        }
        const isHead = request.method === 'HEAD'
        // Opened before the headers are set: a problem must not have the headers of the log.
        const bytes = isHead ? undefined : await streamObject(store, key, { etag: head.etag })
        if (!isHead && bytes === undefined) throw logToCome(record)
        return await reply.headers({
          ...representation,
          'content-type': 'text/plain; charset=utf-8',
          'content-length': head.size,
          'x-content-type-options': 'nosniff'
        }).send(bytes)
      }
    })
  }
}

/** Why there is no log yet, or never will be. Only in the first case does it make sense to ask again. */
function logToCome (record: JobRecord): Error {
  const { job_uuid: id, state, started_at: startedAt } = record
  if (isTerminal(state) && startedAt === undefined) return noLog(record, 'The job never ran, so it has no log')
  const detail = isTerminal(state)
    ? 'The job has ended, but its log is not stored yet; try again in a moment'
    : startedAt === undefined
      ? 'The job has not started yet; its log is stored when it ends'
      : 'The job still runs; its log is stored when it ends'
  return problem('log-not-available', detail, { job_uuid: id, headers: { 'retry-after': '5' } })
}

function noLog ({ job_uuid: id }: JobRecord, detail: string): Error {
  return problem('no-log', detail, { job_uuid: id })
}
