import multipart from '@fastify/multipart'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { contentDisposition } from '../../../shared/http/content-disposition.ts'
import { checkCharset } from '../../../shared/http/bodies/check-charset.ts'
import { decodeText } from '../../../shared/http/bodies/decode-text.ts'
import { NoQuery } from '../../../shared/http/no-query.ts'
import { fileBytes, json } from '../../../shared/http/openapi/answers.ts'
import { problems } from '../../../shared/http/openapi/problem-responses.ts'
import { BODY_LIMIT } from '../../../shared/http/server.ts'
import { JobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { State } from '../../../shared/job/job-state.ts'
import { JobLinks, linksOf } from '../../../shared/job/job-view.ts'
import { traceparentOf } from '../../../shared/telemetry/trace-requests.ts'
import { acceptJob, tryJob } from '../start/accept-job.ts'
import type { Origin } from '../start/new-record.ts'
import { demoResult } from './demo-result.ts'
import { askedJob, DeployBody, DeployForm, DeployQuery, deployRequest, textOfAsked } from './deploy-request.ts'
import { IdempotencyKey, keyIn } from './idempotency-key.ts'
import { readForm } from './read-form.ts'
import type { Deps } from '../start/start-job.ts'
import type { WebhookRules } from './webhook-request.ts'

/** The dependencies of the routes where callers request jobs. */
export interface IntakeDeps extends Deps {
  defaultTemplate: string
  /** How long `GET /demo` waits for its job, in seconds. */
  demoWait: number
  /** How many open jobs a caller may have at once; `undefined`: no limit. */
  mostOpen?: number | undefined
  webhooks: WebhookRules
}

const Accepted = Type.Object({
  job_uuid: JobId,
  state: State,
  message: Type.Optional(Type.String({ description: 'What Kubernetes warns of' })),
  links: JobLinks
}, { title: 'AcceptedJob' })
const Checked = Type.Object({
  dry_run: Type.Literal(true),
  template: Type.String(),
  env: Type.Record(Type.String(), Type.String(), {
    description: 'The environment that the workload would get, without secret values'
  }),
  warnings: Type.Array(Type.String(), { description: 'What the API server says about the Job' })
}, { title: 'CheckedJob' })

const KeyHeader = Type.Object({ 'idempotency-key': Type.Optional(IdempotencyKey) })

type Body = Parameters<typeof askedJob>[0]

/** The routes where callers request jobs: with JSON, with a dotenv file, or with a GET from a browser. */
export function jobIntake (deps: IntakeDeps): FastifyPluginAsync {
  const { store, templates, defaultTemplate, demoWait, mostOpen, webhooks } = deps
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    await app.register(multipart, { limits: { fileSize: BODY_LIMIT, fieldSize: BODY_LIMIT, files: 2, fields: 10 } })
    app.addHook('preValidation', async (request) => {
      if (request.isMultipart()) request.body = await readForm(request)
    })
    app.addContentTypeParser(
      'text/plain',
      { parseAs: 'buffer' },
      async ({ headers }: FastifyRequest, body: Buffer) => {
        checkCharset(headers)
        return decodeText('body', body)
      }
    )

    const originOf = (request: FastifyRequest): Origin => ({
      owner: request.caller.owner,
      mostOpen,
      traceparent: traceparentOf(request)
    })

    const deployResponses = {
      200: json('What a request without `dry_run` would start', Checked),
      202: json('The job', Accepted, 'Location'),
      ...problems(400, 413, 415, 422, 429, 503)
    }

    app.get(
      '/job/deploy',
      {
        // A HEAD request must not start a job.
        exposeHeadRoute: false,
        config: { access: 'jobs:write' },
        schema: {
          operationId: 'deployDefaultJob',
          tags: ['jobs'],
          summary: 'Starts a job with default values, from the default template unless the query names another',
          description: 'For browsers, and for a first try. A `HEAD` starts nothing.',
          querystring: DeployQuery,
          headers: KeyHeader,
          response: deployResponses
        }
      },
      async (request, reply) =>
        await answerDeploy(request, undefined, request.query, request.headers['idempotency-key'], reply)
    )

    app.post(
      '/job/deploy',
      {
        config: { access: 'jobs:write' },
        schema: {
          operationId: 'deployJob',
          tags: ['jobs'],
          summary: 'Starts a job',
          description:
            'Takes JSON or a dotenv file (text/plain or form field `env_file`). Answers when Kubernetes has the Job.',
          querystring: DeployQuery,
          headers: KeyHeader,
          body: {
            required: false,
            content: {
              'application/json': { schema: DeployBody },
              'text/plain': { schema: Type.String() },
              'multipart/form-data': { schema: DeployForm }
            }
          },
          response: deployResponses
        }
      },
      async (request, reply) =>
        await answerDeploy(
          request,
          request.body as Body,
          request.query,
          request.headers['idempotency-key'],
          reply
        )
    )

    async function answerDeploy (
      request: FastifyRequest,
      body: Body,
      query: Static<typeof DeployQuery>,
      key: string | undefined,
      reply: FastifyReply
    ): Promise<Static<typeof Accepted> | Static<typeof Checked>> {
      const asked = askedJob(body, query)
      const requestOf = () => deployRequest(asked, defaultTemplate, webhooks)
      if (query.dry_run) return { dry_run: true, ...await tryJob(deps, requestOf()) }
      const repeats = key === undefined ? undefined : { key: keyIn(key), asked: textOfAsked(asked) }
      const record = await acceptJob(deps, originOf(request), requestOf, repeats)
      reply.log.info({ job_uuid: record.job_uuid, template: record.template }, 'job accepted')
      return accepted(record, reply)
    }

    app.get('/demo', {
      exposeHeadRoute: false,
      config: { access: 'jobs:write' },
      schema: {
        operationId: 'runDemo',
        tags: ['jobs'],
        summary: 'Runs a job from the default template and answers with its result file',
        description: 'If the job takes longer than 50 s (the operator may change that), the answer is 202 with its links.',
        querystring: NoQuery,
        response: {
          200: fileBytes(
            'The bytes of the result file',
            'Content-Length',
            'Content-Disposition',
            'Link',
            'X-Content-Type-Options'
          ),
          202: json('The job, which still runs', Accepted, 'Location'),
          ...problems(400, 422, 429, 502, 503)
        }
      }
    }, async (request, reply) => {
      const job = await acceptJob(deps, originOf(request), () => ({ template: defaultTemplate, env: {} }))
      const file = templates().usable.get(job.template)?.demoResult
      const demo = file === undefined ? undefined : await demoResult(store, job, file, demoWait)
      if (demo === undefined) return accepted(job, reply)
      reply.headers({
        'content-type': demo.result.content_type,
        'content-length': demo.result.size,
        'content-disposition': contentDisposition(demo.result.name),
        'x-content-type-options': 'nosniff',
        link: `</job/${job.job_uuid}>; rel="describedby"`
      })
      return await reply.send(demo.bytes)
    })
  }
}

function accepted (record: JobRecord, reply: FastifyReply): Static<typeof Accepted> {
  const links = linksOf(record.job_uuid)
  reply.code(202).header('location', links.self)
  const { job_uuid: id, state, message } = record
  return { job_uuid: id, state, ...(message !== undefined && { message }), links }
}
