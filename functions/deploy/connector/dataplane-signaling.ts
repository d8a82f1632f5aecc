import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import type { Connector } from '../../../shared/connector/connectors.ts'
import { flowState, statusMessage } from '../../../shared/connector/data-flow.ts'
import { invalidField, problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { type Destination, sealDestination } from '../../../shared/job/transfers/push-destination.ts'
import { transferOf, withTransfer } from '../../../shared/job/transfers/transfer-of.ts'
import { transferResumed } from '../../../shared/job/transfers/transfer-resumed.ts'
import { advanceOwing } from '../keep/advance-owing.ts'
import { acceptTransfer } from './accept-transfer.ts'
import type { ConnectorDeps } from './connector-deps.ts'
import { DataAddress, destinationOf } from './data-address.ts'
import type { FlowAnswer } from './flow-answer.ts'
import { messageReader } from './message-reader.ts'
import { orderOf } from './order-of.ts'
import { planTransfer } from './plan-transfer.ts'
import { startTransfer } from './start-transfer.ts'

const Id = Type.String({ minLength: 1, maxLength: 1024 })
const Url = Type.String({ format: 'uri', pattern: '^https?://' })

/**
 * The fields that are used here, from the published schemas (DataFlowBaseMessage and DataFlowStartMessage). The names
 * before 2026-06 are accepted too, because EDC up to 0.18 sends them: `transferType` is now `profile`, `dataFlowId` is
 * now `processId`, and `callbackAddress` was removed.
 */
const base = {
  messageId: Type.Optional(Id),
  participantId: Type.Optional(Type.String()),
  counterPartyId: Type.Optional(Type.String()),
  dataspaceContext: Type.Optional(Type.String()),
  processId: Type.Optional(Id),
  dataFlowId: Type.Optional(Id),
  agreementId: Type.Optional(Type.String()),
  datasetId: Id,
  profile: Type.Optional(Id),
  transferType: Type.Optional(Id),
  callbackAddress: Type.Optional(Url),
  claims: Type.Optional(Type.Object({})),
  metadata: Type.Optional(Type.Object({})),
  labels: Type.Optional(Type.Array(Type.String())),
  dataAddress: Type.Optional(DataAddress)
}
const readStart = messageReader(Type.Object(base))
const readResume = messageReader(Type.Object({ messageId: Type.Optional(Id), dataAddress: Type.Optional(DataAddress) }))

/** Handles a start message. Answers 202 and STARTING, because a job takes time; the call `started` follows later. */
export async function startDataFlow (
  deps: ConnectorDeps,
  connector: Connector,
  body: unknown,
  traceparent: string | undefined
): Promise<FlowAnswer> {
  const message = readStart(body)
  const flow = message.dataFlowId ?? message.processId
  if (flow === undefined) throw invalidField('processId', 'is missing')
  const callbackAddress = message.callbackAddress ?? connector.signaling_url
  if (callbackAddress === undefined) {
    throw invalidField('callbackAddress', 'is missing, and the connector has no signaling_url in the connector table')
  }

  const { isNew, ...found } = await acceptTransfer(deps, connector, {
    ids: [flow],
    callbackAddress,
    traceparent,
    plan: () =>
      planTransfer(deps, {
        order: () => orderOf(connector, message.datasetId, {}, deps),
        destination: () => pushOf(deps, message.profile ?? message.transferType, message.dataAddress)
      }),
    target: {
      kind: 'dataplane-signaling',
      asset: message.datasetId,
      ...(message.messageId !== undefined && { message: message.messageId })
    }
  })
  const { record } = found
  // "If a data flow already exists for a particular processId the Data Plane MUST respond with HTTP 4xx". A repeat of
  // the first message is not an error.
  if (!isNew && transferOf(record)?.message !== message.messageId) {
    throw problem('conflict', 'A data flow with this processId already exists', { job_uuid: record.job_uuid })
  }
  const made = isNew && { made: record }
  return { ...answerOf(deps, record), ...made, work: async () => await startTransfer(deps, found) }
}

/** This data plane only provides data, so a pull needs no preparation. Throws `invalid-request` for a push. */
export function prepareDataFlow (body: unknown): FlowAnswer {
  const { dataFlowId, processId, profile, transferType } = readStart(body)
  if (isPush(profile ?? transferType)) {
    throw invalidField('profile', 'is a push, and this data plane does not receive pushes')
  }
  return {
    id: '',
    status: 200,
    body: { messageId: randomUUID(), dataFlowId: dataFlowId ?? processId, state: 'PREPARED' }
  }
}

export async function resumeDataFlow (
  deps: ConnectorDeps,
  connector: Connector,
  record: JobRecord,
  body: unknown
): Promise<FlowAnswer> {
  const { dataAddress } = readResume(body)
  const destination = dataAddress === undefined
    ? undefined
    : pushOf(deps, isPull(record) ? 'pull' : 'push', dataAddress)
  const resumed = await advanceOwing(deps, record.job_uuid, (current) => {
    const transfer = transferOf(current)
    if (
      transfer === undefined || transfer.ended_at !== undefined ||
      (transfer.suspended_at === undefined && destination === undefined)
    ) return undefined
    const change = destination === undefined
      ? {}
      : { sealed_destination: sealDestination(deps.resultTokenKey, current.job_uuid, destination) }
    return { ...withTransfer(transferResumed(current, new Date()), change), revision: current.revision + 1 }
  })
  return { ...answerOf(deps, resumed ?? record), status: 200 }
}

export function flowStatus (record: JobRecord): { dataFlowId: string, state: string } {
  const transfer = transferOf(record)!
  return { dataFlowId: transfer.transfer, state: flowState(record, transfer) }
}

function answerOf (deps: ConnectorDeps, record: JobRecord): FlowAnswer {
  const transfer = transferOf(record)!
  const isStarting = flowState(record, transfer) === 'STARTING'
  return {
    id: record.job_uuid,
    status: isStarting ? 202 : 200,
    // Relative, as the specification requires.
    ...(isStarting && { location: `/dataflows/${encodeURIComponent(transfer.transfer)}/status` }),
    body: statusMessage(record, transfer, randomUUID(), deps)
  }
}

function isPull (record: JobRecord): boolean {
  return transferOf(record)?.sealed_destination === undefined
}

/** `…/http-push` in the specification, `HttpData-PUSH` in EDC. */
function isPush (profile: string | undefined): boolean {
  return profile !== undefined && /push$/i.test(profile)
}

/** The destination of a push; `undefined` for a pull. Throws `invalid-request` when a pull has an address. */
function pushOf (
  { egress }: ConnectorDeps,
  profile: string | undefined,
  address: DataAddress | undefined
): Destination | undefined {
  if (isPush(profile)) return destinationOf('dataAddress', address, egress)
  if (address !== undefined) throw invalidField('dataAddress', 'must not come with a pull')
  return undefined
}
