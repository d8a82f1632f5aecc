import sensible from '@fastify/sensible'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { seenOwner } from '../../shared/access/caller.ts'
import { jobOf } from '../../shared/access/job-of.ts'
import { answerJson } from '../../shared/http/answer-json.ts'
import { checkConditions, conditionHeaders } from '../../shared/http/conditions/check-conditions.ts'
import { goneOrStopping } from '../../shared/http/streams/gone-or-stopping.ts'
import { NoQuery } from '../../shared/http/no-query.ts'
import { json, notChanged } from '../../shared/http/openapi/answers.ts'
import { problems } from '../../shared/http/openapi/problem-responses.ts'
import { unknownJob } from '../../shared/http/problem.ts'
import { CallbackView, callbackView } from '../../shared/job/callbacks/callback-view.ts'
import { jobEtag } from '../../shared/job/job-etag.ts'
import { JobId } from '../../shared/job/job-id.ts'
import { State } from '../../shared/job/job-state.ts'
import { JobView, ListedJob, viewOf } from '../../shared/job/job-view.ts'
import type { FoundRecord } from '../../shared/job/record-store.ts'
import { soFar } from '../../shared/results/so-far.ts'
import { countJobs } from './count-jobs.ts'
import { listJobs } from './list-jobs.ts'
import { Cursor, Limit, PAGE } from './page.ts'
import { resultAccess } from './results/result-access.ts'
import { resultArchive } from './results/result-archive.ts'
import { type ResultFileDeps, resultFile } from './results/result-file.ts'
import { resultList } from './results/result-list.ts'
import { preferredWait, waitForJob } from './wait-for-job.ts'
import { watchJobs } from '../../shared/job/watch-jobs.ts'

const JobParams = Type.Object({ id: JobId })
const JobPage = Type.Object({ jobs: Type.Array(ListedJob), next_cursor: Cursor }, { title: 'JobPage' })
const CallbackList = Type.Object({ callbacks: Type.Array(CallbackView) }, { title: 'CallbackList' })

export interface ResultFetchDeps extends ResultFileDeps {
  /** Seals the tokens that connectors pass to consumers. Without it there are none. */
  resultTokenKey?: string | undefined
}

/** Serves job states and results from the store. It has no access to Kubernetes. */
export function resultFetch (options: ResultFetchDeps): FastifyPluginAsync {
  const { store } = options
  return async function (plugin) {
    await plugin.register(sensible)
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    // A long poll must not delay the shutdown of the process.
    const stopping = new AbortController()
    app.addHook('preClose', async () => stopping.abort())
    const watch = watchJobs(store)

    app.get('/job', {
      config: { access: 'jobs:read' },
      schema: {
        operationId: 'listJobs',
        tags: ['jobs'],
        summary: 'Lists the jobs, newest first',
        description: 'A caller sees only the jobs of its own owner. A page may be short although there is a next page.',
        querystring: Type.Object({
          state: Type.Optional(State),
          template: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
          limit: Limit,
          cursor: Type.Optional(JobId)
        }, { additionalProperties: false }),
        headers: Type.Object(conditionHeaders),
        response: {
          200: json('A page of the list', JobPage, 'ETag'),
          304: notChanged(),
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
        operationId: 'getJob',
        tags: ['jobs'],
        summary: 'One job',
        description:
          'With `Prefer: wait=N` (at most 50 s), the answer waits until the job ends. With `If-None-Match` as well, it waits for any change, except of the counts in `results` and of `progress`.',
        params: JobParams,
        querystring: NoQuery,
        headers: Type.Object({
          prefer: Type.Optional(Type.String({ examples: ['wait=30'] })),
          ...conditionHeaders
        }),
        response: {
          200: json('The job', JobView, 'ETag', 'Vary', 'Preference-Applied?'),
          304: notChanged('Vary', 'Preference-Applied?'),
          ...problems(400, 404, 412, 503)
        }
      }
    }, async (request, reply) => {
      const seconds = preferredWait(request.headers.prefer)
      const first = await jobOf(store, request)
      const found = seconds === 0 ? first : await newsOf(first, seconds, request, reply)
      if (found === undefined) throw unknownJob(request.params.id)
      const now = await soFar(store, found.record)
      const etag = jobEtag(found.etag, now)
      const judgement = checkConditions(request, { etag })
      if (seconds > 0) reply.header('preference-applied', `wait=${seconds}`)
      reply.vary('prefer')
      reply.headers({ etag, 'cache-control': 'no-cache' })
      if (judgement === 'not modified') return await reply.code(304).send()
      return viewOf(found.record, now)
    })

    app.get('/job/:id/callback', {
      config: { access: 'jobs:read' },
      schema: {
        operationId: 'listCallbacks',
        tags: ['callbacks'],
        summary: 'Lists the callbacks of a job, with their attempts',
        description: 'Every attempt of every callback, also of those that were given up or dropped.',
        params: JobParams,
        querystring: NoQuery,
        response: { 200: json('The callbacks', CallbackList), ...problems(400, 404, 503) }
      }
    }, async (request) => {
      const { record } = await jobOf(store, request)
      return { callbacks: (record.callbacks ?? []).map((callback) => callbackView(record, callback)) }
    })

    // Separate from /metrics, which describes one process. This answer is the same from every process, and needs a
    // listing of the bucket.
    app.get('/metrics/jobs', { config: { access: 'metrics:read' }, schema: { hide: true } }, async (_request, reply) => {
      const counted = await countJobs(store)
      return await reply.type(counted.contentType).send(await counted.metrics())
    })

    const access = resultAccess(store, options.resultTokenKey)
    await plugin.register(resultList(store, access))
    await plugin.register(resultArchive(store, options.openContent, access))
    await plugin.register(resultFile(options, access))

    async function newsOf (
      first: FoundRecord,
      seconds: number,
      { headers }: FastifyRequest,
      { raw }: FastifyReply
    ): Promise<FoundRecord | undefined> {
      const signal = goneOrStopping(raw, stopping.signal)
      return await waitForJob(watch, first, { seconds, known: headers['if-none-match'], signal })
    }
  }
}
