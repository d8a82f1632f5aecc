import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Connector } from '../../../shared/connector/connectors.ts'
import { json } from '../../../shared/http/openapi/answers.ts'
import { problems } from '../../../shared/http/openapi/problem-responses.ts'
import { isProblem, problem } from '../../../shared/http/problem.ts'
import { checkCharset } from '../../../shared/http/bodies/check-charset.ts'
import { readJson } from '../../../shared/http/bodies/read-json.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { transferOf, withTransfer } from '../../../shared/job/transfers/transfer-of.ts'
import { traceparentOf } from '../../../shared/telemetry/trace-requests.ts'
import { findTransfer } from './accept-transfer.ts'
import { admitConnector, admitDataPlaneKey, judgeKey } from './admit-connector.ts'
import { afterAnswer } from './after-answer.ts'
import type { ConnectorDeps } from './connector-deps.ts'
import { flowStatus, prepareDataFlow, resumeDataFlow, startDataFlow } from './dataplane-signaling.ts'
import { startFlow } from './edc-signaling.ts'
import { endTransfer } from './end-transfer.ts'
import type { FlowAnswer } from './flow-answer.ts'
import { logTransfer } from './log-transfer.ts'

const InPath = Type.Object({ connector: Type.String(), key: Type.String() })
const OfFlow = Type.Object({ flow: Type.String({ minLength: 1 }) })
const Json = Type.Object({})
const SPOKEN = ['edc-signaling', 'dataplane-signaling'] as const

/**
 * The routes for signals from a control plane to its data plane, in both protocols: EDC's own signaling (up to 0.15),
 * and Data Plane Signaling. There are two sets of routes. In one, the connector's name and key are in the path, because
 * EDC appends to the registered address and sends no credentials. In the other, the key is a bearer token.
 */
export function dataflows (deps: ConnectorDeps): FastifyPluginAsync {
  return async function (app) {
    const after = afterAnswer(app)
    app.removeContentTypeParser('application/json')
    app.addContentTypeParser(
      ['application/json', 'application/ld+json'],
      { parseAs: 'buffer' },
      // EDC sends the content type JSON with an empty body.
      async ({ headers }: FastifyRequest, body: Buffer) => {
        checkCharset(headers)
        return body.length === 0 ? undefined : readJson(body)
      }
    )

    await app.register(
      routes((request) =>
        admitConnector(
          deps.connectors(),
          deps.connectorSecrets,
          request.params as { connector: string, key: string },
          ...SPOKEN
        ), { params: InPath, suffix: 'WithKeyInPath', security: [] }),
      { prefix: '/connector/:connector/:key/dataflows' }
    )
    await app.register(
      routes(
        (request) =>
          admitDataPlaneKey(deps.connectors(), deps.connectorSecrets, request.headers.authorization, ...SPOKEN),
        { params: Type.Object({}), suffix: '', security: [{ connector: [] }] }
      ),
      { prefix: '/dataflows' }
    )

    /** `suffix` makes the operation ids of each set unique. */
    function routes (
      admit: (request: FastifyRequest) => Connector,
      { params: InPath, suffix, security }: {
        params: ReturnType<typeof Type.Object>
        suffix: string
        security: Record<string, string[]>[]
      }
    ) {
      return async function (scope: FastifyInstance): Promise<void> {
        const route = (
          operationId: string,
          summary: string,
          params: ReturnType<typeof Type.Object>,
          ...statuses: number[]
        ): object => ({
          // The connector authenticates with its own key.
          config: { access: 'public', ownCredential: (request: FastifyRequest) => judgeKey(() => admit(request)) },
          schema: {
            operationId: `${operationId}${suffix}`,
            tags: ['connectors'],
            summary,
            description: 'A signal in the protocol of the connector: that of EDC, or Data Plane Signaling.',
            security,
            params,
            response: {
              ...Object.fromEntries(statuses.map((status) => [status, json('The signal is taken', Json, 'Location?')])),
              ...problems(400, 401, 404, 409, 413, 415, 429, 503)
            }
          }
        })
        const WithFlow = Type.Object({ ...InPath.properties, ...OfFlow.properties })

        scope.post(
          '/start',
          route('startDataFlow', 'Starts a data flow: a job whose results are the data', InPath, 200, 202),
          async (request, reply) => {
            const connector = admit(request)
            const start = connector.protocol === 'edc-signaling' ? startFlow : startDataFlow
            return await answer(reply, await start(deps, connector, request.body, traceparentOf(request)))
          }
        )

        scope.post(
          '/prepare',
          route('prepareDataFlow', "Prepares the consumer's side of a data flow; a pull needs no preparation", InPath, 200),
          async (request, reply) => {
            admit(request)
            return await answer(reply, prepareDataFlow(request.body))
          }
        )

        scope.get(
          '/check',
          { ...route('checkDataPlane', 'Confirms that the data plane is available', InPath, 200), exposeHeadRoute: false },
          async (request) => {
            admit(request)
            return {}
          }
        )

        scope.get(
          '/:flow/status',
          { ...route('getDataFlowStatus', 'The state of a data flow', WithFlow, 200), exposeHeadRoute: false },
          async (request) => flowStatus(await flowOf(request, admit(request)))
        )

        scope.post(
          '/:flow/started',
          route('noteDataFlowStarted', 'Receives the signal that the other side has started; no action follows', WithFlow, 200),
          async (request) => {
            await flowOf(request, admit(request))
            return {}
          }
        )

        scope.post(
          '/:flow/suspend',
          route('suspendDataFlow', 'Blocks access to the results until the flow is resumed; the job continues', WithFlow, 200),
          async (request) => {
            const known = await flowOrGone(request, admit(request))
            if (known === undefined) return {}
            await advanceRecord(deps.store, known.job_uuid, (record) =>
              transferOf(record)?.suspended_at !== undefined || transferOf(record)?.ended_at !== undefined
                ? undefined
                : {
                    ...withTransfer(record, { suspended_at: new Date().toISOString() }),
                    revision: record.revision + 1
                  })
            return {}
          }
        )

        scope.post(
          '/:flow/resume',
          route('resumeDataFlow', 'Allows access to the results again', WithFlow, 200),
          async (request, reply) => {
            const connector = admit(request)
            return await answer(
              reply,
              await resumeDataFlow(deps, connector, await flowOf(request, connector), request.body)
            )
          }
        )

        scope.post(
          '/:flow/terminate',
          route('terminateDataFlow', 'Ends a data flow: cancels its job and blocks access to its results', WithFlow, 200),
          async (request) => {
            const known = await flowOrGone(request, admit(request))
            if (known !== undefined) await endTransfer(deps, known.job_uuid)
            return {}
          }
        )

        scope.post(
          '/:flow/completed',
          route('completeDataFlow', 'Ends a data flow because the consumer has all data: blocks access to its results', WithFlow, 200),
          async (request) => {
            const { job_uuid: id } = await flowOf(request, admit(request))
            await endTransfer(deps, id, 'completed')
            return {}
          }
        )
      }
    }

    async function flowOf ({ params }: FastifyRequest, connector: Connector): Promise<JobRecord> {
      const record = await findTransfer(deps, connector, [(params as { flow: string }).flow])
      if (record === undefined) throw problem('unknown-transfer', 'There is no data flow with this id')
      return record
    }

    /**
     * The flow to block or to end. In EDC's own signaling `undefined` if it is not there any more, because its job has
     * been removed with its results: there is nothing left to block. EDC repeats a signal for 16 s unless the answer is
     * 200 or 204, no other transfer continues in that time, and then a suspension ends the transfer at one side only.
     */
    async function flowOrGone (request: FastifyRequest, connector: Connector): Promise<JobRecord | undefined> {
      return await flowOf(request, connector).catch((error: Error) => {
        if (connector.protocol === 'edc-signaling' && isProblem(error, 'unknown-transfer')) return undefined
        throw error
      })
    }

    async function answer (
      reply: FastifyReply,
      { id, status, location, body, made, work }: FlowAnswer
    ): Promise<FastifyReply> {
      if (made !== undefined) logTransfer(app.log, made)
      if (location !== undefined) reply.header('location', location)
      await reply.code(status).send(body)
      if (work !== undefined) after.begin(id, work)
      return reply
    }
  }
}
