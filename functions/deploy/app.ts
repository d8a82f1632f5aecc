import multipart from '@fastify/multipart'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { AdmitSender } from '../../shared/access/admit-sender.ts'
import { jobEvent } from '../../shared/events/job-event.ts'
import { receiveEvents } from '../../shared/events/receive-events.ts'
import { contentDisposition } from '../../shared/http/content-disposition.ts'
import { problems } from '../../shared/http/problem-responses.ts'
import { unknownJob } from '../../shared/http/problem.ts'
import { BODY_LIMIT } from '../../shared/http/server.ts'
import { CallbackId, CallbackView, callbackView } from '../../shared/job/callback-view.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal, State } from '../../shared/job/job-state.ts'
import { JobView, linksOf, viewOf } from '../../shared/job/job-view.ts'
import { traceparentOf } from '../../shared/telemetry/trace-requests.ts'
import { acceptJob, type DeployRequest, tryJob } from './accept-job.ts'
import type { ConnectorDeps } from './connector/connector-deps.ts'
import { dataflows } from './connector/dataflows.ts'
import { provisioner } from './connector/provisioner.ts'
import { demoResult } from './demo-result.ts'
import { decodeText, DeployBody, DeployForm, DeployQuery, deployRequest } from './deploy-request.ts'
import { JOB_REQUESTED, takeJobRequest } from './job-request.ts'
import { KeepBody, keepJob } from './keep-job.ts'
import { readForm } from './read-form.ts'
import { redeliver } from './redeliver.ts'
import { stopJob } from './stop-job.ts'
import { takePing } from './take-ping.ts'
import type { WebhookRules } from './webhook-request.ts'

export interface DeployOptions extends ConnectorDeps {
  /** How long `GET /demo` waits for its job, in seconds. */
  demoWait: number
  /** How many open jobs a caller may have at once; without it as many as he likes. */
  mostOpen?: number | undefined
  /** Who may send events; without it whoever reaches their route. */
  admitSender?: AdmitSender | undefined
  webhooks: WebhookRules
  /** Before the links in events; may be empty. */
  publicUrl: string
  /** Whether events may ask for jobs; they show no credential of a caller's. */
  takesJobRequests: boolean
}

const Accepted = Type.Object({
  job_uuid: JobId,
  state: State,
  links: Type.Object({ self: Type.String(), results: Type.String(), log: Type.String() })
})
const Checked = Type.Object({
  dry_run: Type.Literal(true),
  template: Type.String(),
  env: Type.Record(Type.String(), Type.String(), { description: 'What the workload would get; secret values are left out' })
})
const TemplateView = Type.Object({ name: Type.String(), description: Type.String(), env: Type.Unknown({ description: 'JSON Schema of the variables that a caller may set' }) })

const Refused = Type.Object({ file: Type.String(), reason: Type.String() })

const KeyHeader = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'The same key gives the same job, as long as the job is kept' }))
})

/** Accepts jobs, cancels them and keeps them longer; on a ping it finishes what was cut off and removes what has expired. */
export function deploy (options: DeployOptions): FastifyPluginAsync {
  const { store, templates, defaultTemplate, demoWait, mostOpen, admitSender, webhooks, publicUrl, takesJobRequests } = options
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    await app.register(multipart, { limits: { fileSize: BODY_LIMIT, fieldSize: BODY_LIMIT, files: 1, fields: 10 } })
    app.addHook('preValidation', async (request) => {
      if (request.isMultipart()) request.body = await readForm(request)
    })
    app.addContentTypeParser('text/plain', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => decodeText('body', body))

    /** What a job keeps of the request that it came with. */
    const originOf = (request: FastifyRequest): Pick<DeployRequest, 'owner' | 'mostOpen' | 'traceparent'> => ({ owner: request.caller.owner, mostOpen, traceparent: traceparentOf(request) })

    const deployResponses = { 200: Checked, 202: Accepted, ...problems(400, 413, 415, 422, 429, 503) }

    app.get('/job/deploy', {
      // Who only looks must not run a job.
      exposeHeadRoute: false,
      config: { access: 'jobs:write' },
      schema: {
        summary: 'Runs the default template with its defaults',
        querystring: DeployQuery,
        headers: KeyHeader,
        response: deployResponses
      }
    }, async (request, reply) => await answerDeploy(request, undefined, request.query, request.headers['idempotency-key'], reply))

    app.post('/job/deploy', {
      config: { access: 'jobs:write' },
      schema: {
        summary: 'Runs a job',
        description: 'Takes JSON, or the environment as a dotenv file: as text/plain, or as the form field `env_file`. Answers when Kubernetes has accepted the Job.',
        querystring: DeployQuery,
        headers: KeyHeader,
        body: {
          content: {
            'application/json': { schema: DeployBody },
            'text/plain': { schema: Type.String() },
            'multipart/form-data': { schema: DeployForm }
          }
        },
        response: deployResponses
      }
    }, async (request, reply) => await answerDeploy(request, request.body as Parameters<typeof deployRequest>[0], request.query, request.headers['idempotency-key'], reply))

    async function answerDeploy (request: FastifyRequest, body: Parameters<typeof deployRequest>[0], query: Static<typeof DeployQuery>, key: string | undefined, reply: FastifyReply): Promise<Static<typeof Accepted> | Static<typeof Checked>> {
      const asked = deployRequest(body, query, defaultTemplate, webhooks)
      if (query.dry_run) return { dry_run: true, ...await tryJob(options, asked) }
      const record = await acceptJob(options, { ...asked, ...originOf(request) }, key)
      reply.log.info({ job_uuid: record.job_uuid, template: record.template }, 'job accepted')
      return accepted(record, reply)
    }

    app.delete('/job/:id', {
      config: { access: 'jobs:write' },
      schema: {
        summary: 'Cancels a job',
        description: '202 while its pods end, 200 when it has ended, whichever way. Results that are there are kept.',
        params: Type.Object({ id: JobId }),
        response: { 200: JobView, 202: JobView, ...problems(400, 404, 503) }
      }
    }, async (request, reply) => {
      const record = await stopJob(options, request.params.id, 'CancelRequested')
      if (record === undefined) throw unknownJob(request.params.id)
      reply.code(isTerminal(record.state) ? 200 : 202)
      return viewOf(record)
    })

    app.patch('/job/:id', {
      config: { access: 'jobs:write' },
      schema: {
        summary: 'Keeps a job longer',
        description: 'A job that has ended is removed at its `expires_at`, with its results and its log.',
        params: Type.Object({ id: JobId }),
        body: KeepBody,
        response: { 200: JobView, ...problems(400, 404, 409, 413, 415, 503) }
      }
    }, async (request) => {
      const record = await keepJob(store, request.params.id, request.body.expires_at)
      if (record === undefined) throw unknownJob(request.params.id)
      return viewOf(record)
    })

    app.post('/job/:id/callback/:callback/redeliver', {
      config: { access: 'jobs:write' },
      schema: {
        summary: 'Sends a callback again',
        description: 'Whether it was delivered or not. The next ping, within a minute, makes the try; if it fails, the schedule goes on where it was.',
        params: Type.Object({ id: JobId, callback: CallbackId }),
        response: { 202: CallbackView, ...problems(400, 404, 413, 415, 503) }
      }
    }, async (request, reply) => {
      const { id, callback } = request.params
      const record = await redeliver(store, id, callback)
      if (record === undefined) throw unknownJob(id)
      reply.code(202)
      return callbackView(record, record.callbacks!.find((one) => one.id === callback)!)
    })

    app.get('/demo', {
      exposeHeadRoute: false,
      config: { access: 'jobs:write' },
      schema: {
        summary: 'Runs the default template and answers with its result file',
        description: `Waits up to ${demoWait} s; when it takes longer, 202 says where to look.`,
        querystring: Type.Object({}, { additionalProperties: false }),
        response: {
          200: { description: 'The bytes of the result file', content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } } as object,
          202: Accepted,
          ...problems(400, 422, 429, 502, 503)
        }
      }
    }, async (request, reply) => {
      const job = await acceptJob(options, { template: defaultTemplate, env: {}, ...originOf(request) })
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

    app.get('/template', {
      config: { access: 'jobs:read' },
      schema: {
        summary: 'The templates that jobs are made from',
        querystring: Type.Object({}, { additionalProperties: false }),
        response: {
          200: Type.Object({
            templates: Type.Array(TemplateView),
            refused: Type.Array(Refused, { description: 'Files that cannot be used, each with the reason' })
          }),
          ...problems(400, 503)
        }
      }
    }, async () => {
      const { usable, refused } = templates()
      return {
        templates: [...usable.values()].map(({ name, description, env }) => ({ name, description, env })),
        refused: [...refused].map(([file, reason]) => ({ file, reason }))
      }
    })

    await plugin.register(provisioner(options))
    await plugin.register(dataflows(options))

    await receiveEvents(plugin, {
      path: '/',
      admitSender,
      summary: `Takes the ping: finishes what was cut off, and removes what has expired${takesJobRequests ? '. Takes requests for jobs' : ''}`,
      types: `^(dev\\.knative\\.sources\\.ping${takesJobRequests ? `|${JOB_REQUESTED.replaceAll('.', '\\.')}` : ''})$`,
      ...(takesJobRequests && { reply: 'That the job is accepted' }),
      receive: async (event, request) => {
        const { log } = request
        if (event.type === JOB_REQUESTED) {
          const record = await takeJobRequest(options, event, traceparentOf(request, event['traceparent']), defaultTemplate, webhooks)
          log.info({ job_uuid: record.job_uuid, template: record.template }, 'job accepted')
          return jobEvent(record, 'accepted', publicUrl)
        }
        await takePing(options, log)
        return undefined
      }
    })
  }
}

function accepted (record: JobRecord, reply: FastifyReply): Static<typeof Accepted> {
  const links = linksOf(record.job_uuid)
  reply.code(202).header('location', links.self)
  return { job_uuid: record.job_uuid, state: record.state, links }
}
