import { resultToken } from '../access/result-token.ts'
import { hasData } from '../job/transfers/has-data.ts'
import type { JobRecord } from '../job/job-record.ts'
import { isTerminal } from '../job/job-state.ts'
import { unsealDestination } from '../job/transfers/push-destination.ts'
import { callbackOf } from '../job/transfers/transfer-calls.ts'
import { transferOf } from '../job/transfers/transfer-of.ts'
import type { Transfer } from '../job/transfers/transfer.ts'
import { resultAddress } from '../results/result-address.ts'

/** The states of a data flow in this data plane, which only provides data. */
export type FlowState = 'STARTING' | 'STARTED' | 'SUSPENDED' | 'COMPLETED' | 'TERMINATED'

export const HTTP_PULL = 'https://w3id.org/dspace-sig/profile/http-pull'
export const HTTP_PUSH = 'https://w3id.org/dspace-sig/profile/http-push'

/** The settings for building the addresses and tokens of results. */
export interface Place {
  publicUrl: string
  resultTokenKey: string
}

/** The state of a transfer and its job, in the terms of Data Plane Signaling. */
export function flowState (record: JobRecord, transfer: Transfer): FlowState {
  const { ended_at: ended, completed, suspended_at: suspended } = transfer
  if (ended !== undefined) return completed ? 'COMPLETED' : 'TERMINATED'
  if (suspended !== undefined) return 'SUSPENDED'
  if (!isTerminal(record.state)) return 'STARTING'
  return hasData(record, transfer) ? 'STARTED' : 'TERMINATED'
}

/** A DataFlowStatusMessage. For a started flow whose consumer pulls, it contains the address of the results. */
export function statusMessage (
  record: JobRecord,
  transfer: Transfer,
  messageId: string,
  place: Place,
  state = flowState(record, transfer)
): object {
  const isPull = transfer.sealed_destination === undefined
  return {
    messageId,
    dataFlowId: transfer.transfer,
    state,
    ...(state === 'STARTED' && isPull && { dataAddress: pullAddress(record, transfer, place) }),
    ...(state === 'TERMINATED' && isTerminal(record.state) && lacksData(record, transfer) &&
      { error: whyNoData(record, place) })
  }
}

function pullAddress ({ job_uuid: id }: JobRecord, { result }: Transfer, { publicUrl, resultTokenKey }: Place): object {
  return {
    '@type': 'DataAddress',
    endpointType: HTTP_PULL,
    endpoint: resultAddress(publicUrl, id, result),
    endpointProperties: [
      { name: 'authorization', value: resultToken(resultTokenKey, id) },
      { name: 'authType', value: 'bearer' }
    ]
  }
}

/** Whether the consumer gets no data, because the job made none or because they could not be sent. */
function lacksData (record: JobRecord, transfer: Transfer): boolean {
  return !hasData(record, transfer) || callbackOf(record, 'push')?.state === 'dead'
}

/**
 * The reason why there is no data, as text for the operator of the connector: what is known of the job, or how the last
 * try to send its results ended.
 */
export function whyNoData (record: JobRecord, place: Pick<Place, 'resultTokenKey'>): string {
  const { job_uuid: id, state, reason, message, exit_code: exitCode } = record
  const transfer = transferOf(record)
  if (state === 'succeeded' && transfer?.result_missing && typeof transfer.result === 'object') {
    return `job ${id} succeeded, but made no file ${transfer.result.file}`
  }
  if (state === 'succeeded') {
    return `job ${id} succeeded, but its results could not be sent to the consumer${lastTry(record, place)}`
  }
  // The exit code says enough, unless the job failed although its workload did not.
  const more = exitCode ? `, exit code ${exitCode}` : message === undefined ? '' : `: ${message}`
  return `job ${id} ${state}${reason === undefined ? '' : `: ${reason}`}${more}`
}

function lastTry (record: JobRecord, { resultTokenKey }: Pick<Place, 'resultTokenKey'>): string {
  const { status, error } = callbackOf(record, 'push')?.attempts.at(-1) ?? {}
  const sealed = transferOf(record)?.sealed_destination
  if (sealed === undefined) return ''
  const host = hostOf(resultTokenKey, record.job_uuid, sealed)
  if (status !== undefined) return `: ${host} answered ${status}`
  return error === undefined ? '' : `: ${error} at ${host}`
}

/** Only the host, because the rest of the URL may contain credentials. */
function hostOf (key: string, id: string, sealed: string): string {
  try {
    return new URL(unsealDestination(key, id, sealed).url).host
  } catch {
    // The key has changed since. That is why the push failed, and the connector must be told all the same.
    return 'its destination'
  }
}
