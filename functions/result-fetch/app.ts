import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { seenOwner } from '../../shared/access/caller.ts'
import { answerJson } from '../../shared/http/answer-json.ts'
import {
  checkConditions,
  conditionHeaders,
  dateConditionHeaders,
  NotChanged
} from '../../shared/http/check-conditions.ts'
import { problems } from '../../shared/http/problem-responses.ts'
import { problem, unknownJob } from '../../shared/http/problem.ts'
import { CallbackView, callbackView } from '../../shared/job/callback-view.ts'
import { jobEtag } from '../../shared/job/job-etag.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal, State } from '../../shared/job/job-state.ts'
import { JobView, ListedJob, viewOf } from '../../shared/job/job-view.ts'
import { isLostLog } from '../../shared/job/lost-log.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { resultsSoFar } from '../../shared/results/results-so-far.ts'
import { logKey } from '../../shared/store/bucket-layout.ts'
import { headObject, streamObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { countJobs } from './count-jobs.ts'
import { listJobs } from './list-jobs.ts'
import { Cursor, Limit, PAGE } from './page.ts'
import { resultFiles } from './result-files.ts'
import { preferredWait, waitForJob } from './wait-for-job.ts'

const JobParams = Type.Object({ id: JobId })
const Text: object = { description: 'The bytes of the log', content: { 'text/plain': { schema: { type: 'string' } } } }

/** Serves job states, results and logs from the store. It has no access to Kubernetes. */
export function resultFetch (options: { store: Store, resultTokenKey?: string | undefined }): FastifyPluginAsync {
  const { store } = options
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    // A long poll must not delay the shutdown of the process.
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
        headers: Type.Object(conditionHeaders),
        response: {
          200: Type.Object({ jobs: Type.Array(ListedJob), next_cursor: Cursor }),
          304: NotChanged,
          ...problems(400, 412, 503)
        }
      }
    }, async (request, reply) => {
      const { query, caller } = request
      const page = await listJobs(store, { limit: PAGE, ...query, owner: seenOwner(caller) })
      return await answerJson(request, reply, page)
    })

    app.get('/job/:id', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'One job',
        description:
          'With `Prefer: wait=N` (at most 50 s), the answer waits until the job ends. With `If-None-Match` as well, it waits for any change, except of the counts in `results`.',
        params: JobParams,
        headers: Type.Object({
          prefer: Type.Optional(Type.String({ examples: ['wait=30'] })),
          ...conditionHeaders
        }),
        response: { 200: JobView, 304: NotChanged, ...problems(400, 404, 412, 503) }
      }
    }, async (request, reply) => {
      const known = request.headers['if-none-match']
      const seconds = preferredWait(request.headers.prefer)
      const hungUp = new AbortController()
      request.raw.once('close', () => hungUp.abort())
      const found = await waitForJob(store, request.params.id, {
        seconds,
        known,
        signal: AbortSignal.any([stopping.signal, hungUp.signal])
      })
      if (found === undefined) throw unknownJob(request.params.id)
      if (seconds > 0) reply.header('preference-applied', `wait=${seconds}`)
      reply.vary('prefer')
      const counts = await resultsSoFar(store, found.record)
      const etag = jobEtag(found.etag, counts)
      const judgement = checkConditions(request, { etag })
      reply.headers({ etag, 'cache-control': 'no-cache' })
      if (judgement === 'not modified') return await reply.code(304).send()
      return viewOf(found.record, counts)
    })

    app.get('/job/:id/log', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'The log of the workload',
        description:
          'At most the last 10 MiB of the log, from the begin of a line. It is stored when the job ends; until then the problem is `log-not-available`, with `Retry-After`. For a job that never ran, or whose log is lost, the problem is `no-log`, and will stay.',
        params: JobParams,
        headers: Type.Object({ ...conditionHeaders, ...dateConditionHeaders }),
        response: { 200: Text, 304: NotChanged, ...problems(400, 404, 412, 503) }
      }
    }, async (request, reply) => {
      const record = await recordOf(request.params.id)
      const key = logKey(record.job_uuid)
      const head = await headObject(store, key)
      if (head !== undefined && await isLostLog(store, record.job_uuid, head.size)) {
        throw noLog(record, 'The job ran, but its pod was gone before the log could be read')
      }
      if (head === undefined) throw logToCome(record)
      const lastModified = new Date(head.lastModified)
      const representation = {
        etag: head.etag,
        'last-modified': lastModified.toUTCString(),
        'cache-control': 'private, no-cache'
      }
      if (checkConditions(request, { etag: head.etag, lastModified }) === 'not modified') {
        return await reply.code(304).headers(representation).send()
      }
      // Opened before the headers are set: a problem must not have the headers of the log.
      const bytes = request.method === 'HEAD' ? null : await streamObject(store, key, { etag: head.etag })
      if (bytes === undefined) throw logToCome(record)
      return await reply.headers({
        ...representation,
        'content-type': 'text/plain; charset=utf-8',
        'content-length': head.size,
        'x-content-type-options': 'nosniff'
      }).send(bytes)
    })

    app.get('/job/:id/callback', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'The callbacks of a job, with their attempts',
        params: JobParams,
        headers: Type.Object(conditionHeaders),
        response: {
          200: Type.Object({ callbacks: Type.Array(CallbackView) }),
          304: NotChanged,
          ...problems(400, 404, 412, 503)
        }
      }
    }, async (request, reply) => {
      const record = await recordOf(request.params.id)
      const callbacks = (record.callbacks ?? []).map((callback) => callbackView(record, callback))
      return await answerJson(request, reply, { callbacks })
    })

    // Separate from /metrics, which describes one process. This answer is the same from every process, and needs a
    // listing of the bucket.
    app.get('/metrics/jobs', { config: { access: 'metrics:read' }, schema: { hide: true } }, async (_request, reply) => {
      const counted = await countJobs(store)
      return await reply.type(counted.contentType).send(await counted.metrics())
    })

    await plugin.register(resultFiles(options))

    async function recordOf (id: string): Promise<JobRecord> {
      const found = await readRecord(store, id)
      if (found === undefined) throw unknownJob(id)
      return found.record
    }
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
