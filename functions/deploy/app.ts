import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import type { AdmitSender } from '../../shared/access/admit-sender.ts'
import { jobOf } from '../../shared/access/job-of.ts'
import { jobEvent } from '../../shared/events/job-event.ts'
import { receiveEvents } from '../../shared/events/receive-events.ts'
import { answerJson } from '../../shared/http/answer-json.ts'
import { conditionHeaders, writeConditionHeaders } from '../../shared/http/conditions/check-conditions.ts'
import { NoQuery } from '../../shared/http/no-query.ts'
import { json, notChanged } from '../../shared/http/openapi/answers.ts'
import { problems } from '../../shared/http/openapi/problem-responses.ts'
import { unknownJob } from '../../shared/http/problem.ts'
import { CallbackId, CallbackView, callbackView } from '../../shared/job/callbacks/callback-view.ts'
import { JobId } from '../../shared/job/job-id.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { JobView, viewOf } from '../../shared/job/job-view.ts'
import { traceparentOf } from '../../shared/telemetry/trace-requests.ts'
import type { ConnectorDeps } from './connector/connector-deps.ts'
import { dataflows } from './connector/dataflows.ts'
import { provisioner } from './connector/provisioner.ts'
import { type IntakeDeps, jobIntake } from './intake/job-intake.ts'
import { JOB_REQUESTED, takeJobRequest } from './intake/job-request.ts'
import { conditionOnJob } from './keep/condition-on-job.ts'
import { KeepBody, keepJob } from './keep/keep-job.ts'
import { redeliver } from './keep/redeliver.ts'
import { stopJob } from './keep/stop-job.ts'
import { pingTaker } from './take-ping.ts'

export interface DeployOptions extends ConnectorDeps, IntakeDeps {
  /** Checks the sender of an event. `undefined`: every sender that can reach the route is accepted. */
  admitSender?: AdmitSender | undefined
  /** The prefix of the links in events; may be empty. */
  publicUrl: string
  /** Whether an event may request a job. Such an event has no caller credential. */
  takesJobRequests: boolean
}

const TemplateView = Type.Object({
  name: Type.String(),
  description: Type.String(),
  env: Type.Unknown({ description: 'JSON Schema of the variables that a caller may set' }),
  warnings: Type.Array(Type.String(), { description: 'What the author of the template should change' })
}, { title: 'Template' })

const Refused = Type.Object({ file: Type.String(), reason: Type.String() }, { title: 'RefusedTemplate' })

const TemplateList = Type.Object({
  templates: Type.Array(TemplateView),
  refused: Type.Array(Refused, { description: 'Files that cannot be used, each with the reason' })
}, { title: 'TemplateList' })

/**
 * Accepts jobs, cancels them and extends their retention. On a ping it repairs unfinished jobs and removes expired
 * ones.
 */
export function deploy (options: DeployOptions): FastifyPluginAsync {
  const { store, templates, defaultTemplate, admitSender, webhooks, publicUrl, takesJobRequests } = options
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    await plugin.register(jobIntake(options))
    const takePing = pingTaker(options)

    app.delete('/job/:id', {
      config: { access: 'jobs:write' },
      schema: {
        operationId: 'cancelJob',
        tags: ['jobs'],
        summary: 'Cancels a job',
        description: '202 while the pods end, 200 when the job has ended in any state. Results in the store are kept.',
        params: Type.Object({ id: JobId }),
        querystring: NoQuery,
        headers: Type.Object(writeConditionHeaders),
        response: {
          200: json('The job, which has ended', JobView),
          202: json('The job, which is about to end', JobView),
          ...problems(400, 404, 412, 413, 415, 503)
        }
      }
    }, async (request, reply) => {
      const check = await conditionOnJob(store, request.params.id, request)
      const record = await stopJob(options, request.params.id, 'CancelRequested', (found, etag) => {
        check(found, etag)
        return true
      })
      if (record === undefined) throw unknownJob(request.params.id)
      reply.code(isTerminal(record.state) ? 200 : 202)
      return viewOf(record)
    })

    app.patch('/job/:id', {
      config: { access: 'jobs:write' },
      schema: {
        operationId: 'keepJob',
        tags: ['jobs'],
        summary: 'Keeps a job longer',
        description: 'Sets a later `expires_at`. At that time the job is removed, with its results and its log.',
        params: Type.Object({ id: JobId }),
        querystring: NoQuery,
        headers: Type.Object(writeConditionHeaders),
        body: KeepBody,
        response: { 200: json('The job', JobView), ...problems(400, 404, 409, 412, 413, 415, 503) }
      }
    }, async (request) => {
      const { id } = request.params
      const check = await conditionOnJob(store, id, request)
      const record = await keepJob(store, id, request.body.expires_at, check)
      if (record === undefined) throw unknownJob(id)
      return viewOf(record)
    })

    app.post('/job/:id/callback/:callback/redeliver', {
      config: { access: 'jobs:write' },
      schema: {
        operationId: 'redeliverCallback',
        tags: ['callbacks'],
        summary: 'Sends a callback again',
        description:
          'It is sent at once, or within a minute. During an attempt, one more attempt follows. If that fails, the ' +
          'retry schedule continues where it was.',
        params: Type.Object({ id: JobId, callback: CallbackId }),
        querystring: NoQuery,
        response: { 202: json('The callback, which is owed again', CallbackView), ...problems(400, 404, 413, 415, 503) }
      }
    }, async (request, reply) => {
      const { id, callback } = request.params
      const { record: found } = await jobOf(store, request)
      const record = await redeliver(options, found, callback)
      if (record === undefined) throw unknownJob(id)
      reply.code(202)
      return callbackView(record, record.callbacks!.find((one) => one.id === callback)!)
    })

    app.get('/template', {
      config: { access: 'jobs:read' },
      schema: {
        operationId: 'listTemplates',
        tags: ['templates'],
        summary: 'Lists the templates for jobs',
        description: 'Each with a JSON Schema of the variables that a caller may set.',
        querystring: NoQuery,
        headers: Type.Object(conditionHeaders),
        response: {
          200: json('The templates', TemplateList, 'ETag'),
          304: notChanged(),
          ...problems(400, 412, 503)
        }
      }
    }, async (request, reply) => {
      const { usable, refused } = templates()
      return await answerJson(request, reply, {
        templates: [...usable.values()].map(({ name, description, env, warnings }) =>
          ({ name, description, env, warnings })),
        refused: [...refused].map(([file, reason]) => ({ file, reason }))
      })
    })

    await plugin.register(provisioner(options))
    await plugin.register(dataflows(options))

    await receiveEvents(plugin, {
      path: '/',
      admitSender,
      operationId: 'receiveEvent',
      // The document of an installation that takes no job requests; they are in docs/webhooks.md.
      summary: 'Receives the ping: repairs unfinished jobs and removes expired ones',
      types: `^(dev\\.knative\\.sources\\.ping${takesJobRequests ? `|${JOB_REQUESTED.replaceAll('.', '\\.')}` : ''})$`,
      ...(takesJobRequests && { reply: 'The event that the job is accepted' }),
      receive: async (event, request) => {
        const { log } = request
        if (event.type === JOB_REQUESTED) {
          const record = await takeJobRequest(
            options,
            event,
            traceparentOf(request, event['traceparent']),
            defaultTemplate,
            webhooks
          )
          log.info({ job_uuid: record.job_uuid, template: record.template }, 'job accepted')
          return jobEvent(record, 'accepted', publicUrl)
        }
        await takePing(log)
        return undefined
      }
    })
  }
}
