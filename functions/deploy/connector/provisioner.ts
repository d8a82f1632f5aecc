import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { setTimeout as pause } from 'node:timers/promises'
import { Type, type Static } from 'typebox'
import type { Connector } from '../../../shared/connector/connectors.ts'
import { json } from '../../../shared/http/openapi/answers.ts'
import { problems } from '../../../shared/http/openapi/problem-responses.ts'
import { isProblem } from '../../../shared/http/problem.ts'
import { traceparentOf } from '../../../shared/telemetry/trace-requests.ts'
import { acceptTransfer, findTransfer, type TransferIds } from './accept-transfer.ts'
import { admitConnector, judgeKey } from './admit-connector.ts'
import { afterAnswer } from './after-answer.ts'
import type { ConnectorDeps } from './connector-deps.ts'
import { endTransfer } from './end-transfer.ts'
import { hearAgain } from './hear-again.ts'
import { logTransfer } from './log-transfer.ts'
import { orderOf } from './order-of.ts'
import { planTransfer } from './plan-transfer.ts'
import { startTransfer } from './start-transfer.ts'

const Id = Type.String({ minLength: 1, maxLength: 1024 })
const Provision = Type.Object({
  assetId: Id,
  transferProcessId: Id,
  resourceDefinitionId: Id,
  callbackAddress: Type.String({ format: 'uri', pattern: '^https?://' }),
  type: Type.Optional(
    Type.Union([Type.Literal('provision'), Type.Literal('deprovision')], {
      description: 'Absent before EDC 0.11; the meaning then depends on the state of the transfer'
    })
  )
}, { title: 'ProvisionRequest', description: 'The request of the EDC HTTP provisioner; other fields are ignored' })

const Query = Type.Object({
  connector: Type.Optional(Type.String({ description: 'The name of the connector in the connector table' })),
  key: Type.Optional(
    Type.String({ description: 'Its endpoint key; it is in the URL because EDC sends no other credential' })
  ),
  template: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
  demo_task: Type.Optional(
    Type.String({ minLength: 1, maxLength: 63, description: 'The name of the parameter `template` in the prototype' })
  )
})

/**
 * The pause before a 503 answer. After a 5xx EDC repeats the request at once, twenty times a second, without limit, on
 * the single thread that handles all its transfers. No transfer can continue without our store, so the pause does no
 * harm.
 */
const BREATH_MS = 1000

/**
 * The endpoint for the HTTP provisioner of EDC's control plane, up to 0.15. A transfer requests its data, and waits for
 * the callback without limit.
 */
export function provisioner (deps: ConnectorDeps): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    const after = afterAnswer(app)

    // The prototype had the second address; it is not in the document.
    for (const url of ['/provision', '/provision/']) {
      app.post(url, {
        // The connector authenticates with its own key.
        config: { access: 'public', ownCredential: ({ query }) => judgeKey(() => admit(query)) },
        schema: {
          ...!url.endsWith('/') && { operationId: 'provisionData' },
          tags: ['connectors'],
          summary: 'Provisions the data of a transfer, for an EDC connector',
          description:
            'Answers at once; a callback follows when the job has ended. `deprovision` ends the transfer and its job.',
          querystring: Query,
          body: Provision,
          response: { 200: json('The request is accepted', Type.Object({})), ...problems(400, 401, 404, 413, 415, 429, 503) }
        }
      }, async (request, reply) => {
        try {
          const then = await answerOf(request.query, request.body, traceparentOf(request))
          await reply.send({})
          after.begin(then.id, then.work)
          return reply
        } catch (error) {
          if (isProblem(error) && error.problem.status === 503) await pause(BREATH_MS)
          throw error
        }
      })
    }

    function admit (query: unknown): Connector {
      // Before the query is validated, a parameter may be there twice.
      const { connector, key } = query as { connector: unknown, key: unknown }
      const shown = {
        ...typeof connector === 'string' && { connector },
        ...typeof key === 'string' && { key }
      }
      return admitConnector(deps.connectors(), deps.connectorSecrets, shown, 'http-provisioner')
    }

    async function answerOf (
      query: Static<typeof Query>,
      body: Static<typeof Provision>,
      traceparent: string | undefined
    ): Promise<{ id: string, work: () => Promise<unknown> }> {
      const connector = admit(query)
      const { transferProcessId: transfer, resourceDefinitionId: definition, assetId: asset } = body
      const ids: TransferIds = [transfer, definition]
      if (body.type === 'deprovision') {
        const record = await findTransfer(deps, connector, ids)
        return { id: record?.job_uuid ?? '', work: async () => record && await endTransfer(deps, record.job_uuid) }
      }
      const { isNew, ...found } = await acceptTransfer(deps, connector, {
        ids,
        callbackAddress: body.callbackAddress,
        traceparent,
        plan: () =>
          planTransfer(deps, {
            order: () => orderOf(connector, asset, { template: query.template ?? query.demo_task }, deps)
          }),
        target: { kind: 'http-provisioner', asset, resource_definition: definition }
      })
      const { record } = found
      const id = record.job_uuid
      if (isNew) logTransfer(app.log, record)
      return {
        id,
        work: isNew
          ? async () => await startTransfer(deps, found)
          : async () => await hearAgain(deps, connector, id, body.type === 'provision')
      }
    }
  }
}
