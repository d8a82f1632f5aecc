import sensible from '@fastify/sensible'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { seenOwner } from '../../shared/access/caller.ts'
import { answerJson } from '../../shared/http/answer-json.ts'
import { checkConditions, conditionHeaders, NotChanged } from '../../shared/http/check-conditions.ts'
import { problems } from '../../shared/http/problem-responses.ts'
import { unknownJob } from '../../shared/http/problem.ts'
import { CallbackView, callbackView } from '../../shared/job/callback-view.ts'
import { jobEtag } from '../../shared/job/job-etag.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { State } from '../../shared/job/job-state.ts'
import { JobView, ListedJob, viewOf } from '../../shared/job/job-view.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { resultsSoFar } from '../../shared/results/results-so-far.ts'
import { countJobs } from './count-jobs.ts'
import { jobLog } from './job-log.ts'
import { listJobs } from './list-jobs.ts'
import { Cursor, Limit, PAGE } from './page.ts'
import { resultFiles, type ResultFetchDeps } from './result-files.ts'
import { preferredWait, waitForJob } from './wait-for-job.ts'

const JobParams = Type.Object({ id: JobId })

/** Serves job states, results and logs from the store. It has no access to Kubernetes. */
export function resultFetch (options: ResultFetchDeps): FastifyPluginAsync {
  const { store } = options
  return async function (plugin) {
    await plugin.register(sensible)
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

    app.get('/job/:id/callback', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'The callbacks of a job, with their attempts',
        params: JobParams,
        response: { 200: Type.Object({ callbacks: Type.Array(CallbackView) }), ...problems(400, 404, 503) }
      }
    }, async (request) => {
      const record = await recordOf(request.params.id)
      return { callbacks: (record.callbacks ?? []).map((callback) => callbackView(record, callback)) }
    })

    // Separate from /metrics, which describes one process. This answer is the same from every process, and needs a
    // listing of the bucket.
    app.get('/metrics/jobs', { config: { access: 'metrics:read' }, schema: { hide: true } }, async (_request, reply) => {
      const counted = await countJobs(store)
      return await reply.type(counted.contentType).send(await counted.metrics())
    })

    await plugin.register(jobLog(store))
    await plugin.register(resultFiles(options))

    async function recordOf (id: string): Promise<JobRecord> {
      const found = await readRecord(store, id)
      if (found === undefined) throw unknownJob(id)
      return found.record
    }
  }
}
