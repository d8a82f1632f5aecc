import { Type } from 'typebox'
import { resultToken } from '../../../shared/access/result-token.ts'
import { type Connector } from '../../../shared/connector/connectors.ts'
import { problem } from '../../../shared/http/problem.ts'
import { dropped } from '../../../shared/job/callbacks/dropped.ts'
import { hasData } from '../../../shared/job/transfers/has-data.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { answeredAgain, callbackOf, owedCall } from '../../../shared/job/transfers/transfer-calls.ts'
import { transferOf } from '../../../shared/job/transfers/transfer-of.ts'
import { transferResumed } from '../../../shared/job/transfers/transfer-resumed.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import { resultAddress } from '../../../shared/results/result-address.ts'
import { advanceOwing } from '../keep/advance-owing.ts'
import { acceptTransfer } from './accept-transfer.ts'
import type { ConnectorDeps } from './connector-deps.ts'
import { DataAddress, destinationOf, propertiesOf } from './data-address.ts'
import type { FlowAnswer } from './flow-answer.ts'
import { messageReader } from './message-reader.ts'
import { orderOf } from './order-of.ts'
import { planOrRefusal } from './plan-transfer.ts'
import { startTransfer } from './start-transfer.ts'

const NS = 'https://w3id.org/edc/v0.0.1/ns/'
const HTTP = 'https://w3id.org/idsa/v4.1/HTTP'

const Id = Type.String({ minLength: 1, maxLength: 1024 })
const readStart = messageReader(Type.Object({
  '@type': Type.Literal('DataFlowStartMessage'),
  processId: Id,
  datasetId: Id,
  flowType: Type.Union([Type.Literal('PULL'), Type.Literal('PUSH')]),
  callbackAddress: Type.String({ format: 'uri', pattern: '^https?://' }),
  sourceDataAddress: Type.Optional(DataAddress),
  destinationDataAddress: Type.Optional(DataAddress)
}))

/**
 * Handles a start message of EDC's own signaling. EDC sends it twice. The first one starts the job, and the answer says
 * `provisioning`. After the call `provisioned`, EDC sends it again: the answer has the address of the data, or the push
 * begins. EDC also sends it when a suspended transfer is resumed.
 */
export async function startFlow (
  deps: ConnectorDeps,
  connector: Connector,
  body: unknown,
  traceparent: string | undefined
): Promise<FlowAnswer> {
  const { processId, datasetId: asset, flowType, callbackAddress, sourceDataAddress, destinationDataAddress } =
    readStart(body)
  const { isNew, ...found } = await acceptTransfer(deps, connector, {
    ids: [processId],
    callbackAddress,
    traceparent,
    // EDC repeats a start message for 16 s unless the answer is 200 or 204, and no other transfer of the connector
    // continues in that time.
    plan: () =>
      planOrRefusal(deps, {
        order: () =>
          orderOf(connector, asset, { properties: sourceDataAddress && propertiesOf(sourceDataAddress) }, deps),
        destination: () =>
          flowType === 'PUSH'
            ? destinationOf('destinationDataAddress', destinationDataAddress, deps.egress)
            : undefined
      }),
    target: { kind: 'edc-signaling', asset }
  })
  const id = found.record.job_uuid
  if (isNew) {
    return {
      id,
      status: 200,
      body: response({ provisioning: true }),
      made: found.record,
      work: async () => await startTransfer(deps, found)
    }
  }

  const again = await advanceOwing(deps, id, (current) => startedAgain(current, new Date())) ?? found.record
  const transfer = transferOf(again)!
  if (transfer.ended_at !== undefined) {
    throw problem('transfer-ended', 'The transfer has ended; start a new transfer to get new data', { job_uuid: id })
  }
  if (!hasData(again, transfer)) {
    return {
      id,
      status: 200,
      body: response({ provisioning: true }),
      async work () {
        const newest = await readRecord(deps.store, id)
        return newest && await startTransfer(deps, newest)
      }
    }
  }
  return {
    id,
    status: 200,
    body: response({
      provisioning: false,
      ...(flowType === 'PULL' && { dataAddress: addressOf(deps, again, transfer) })
    })
  }
}

/**
 * The record after a repeated start message: the transfer is not suspended any more, an owed `provisioned` call is
 * dropped because this answer replaces it, and a push is owed if the job has succeeded.
 */
function startedAgain (record: JobRecord, now: Date): JobRecord | undefined {
  const answered = answeredAgain(record, now)
  if (answered === undefined) return undefined
  const resumed = transferOf(record)?.suspended_at === undefined ? answered : transferResumed(answered, now)
  if (!hasData(record, transferOf(record)!)) return resumed
  const told = {
    ...resumed,
    callbacks: (resumed.callbacks ?? []).map((callback) => callback.call === 'provisioned' ? dropped(callback) : callback)
  }
  const isDue = transferOf(record)?.sealed_destination !== undefined && callbackOf(told, 'push') === undefined
  return isDue ? { ...told, callbacks: owedCall(told, 'push', now) } : told
}

function response (content: object): object {
  return {
    '@context': { '@vocab': NS, dspace: 'https://w3id.org/dspace/v0.8/' },
    '@type': 'DataFlowResponseMessage',
    ...content
  }
}

/** The data address in exactly the shape that EDC accepts. EDC terminates the transfer for any other shape. */
function addressOf (
  { publicUrl, resultTokenKey }: ConnectorDeps,
  { job_uuid: id }: JobRecord,
  { result }: Transfer
): object {
  const properties = {
    endpoint: resultAddress(publicUrl, id, result),
    endpointType: HTTP,
    authorization: resultToken(resultTokenKey, id),
    authType: 'bearer'
  }
  return {
    '@type': 'dspace:DataAddress',
    'dspace:endpointType': HTTP,
    'dspace:endpointProperties': Object.entries(properties).map(([name, value]) => ({
      '@type': 'dspace:EndpointProperty',
      'dspace:name': NS + name,
      'dspace:value': value
    }))
  }
}
