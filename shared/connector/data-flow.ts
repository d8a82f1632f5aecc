import { resultToken } from '../access/result-token.ts'
import type { JobRecord } from '../job/job-record.ts'
import { isTerminal } from '../job/job-state.ts'
import type { Transfer } from '../job/transfer.ts'
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
export function flowState (
  { state }: JobRecord,
  { ended_at: ended, completed, suspended_at: suspended }: Transfer
): FlowState {
  if (ended !== undefined) return completed ? 'COMPLETED' : 'TERMINATED'
  if (suspended !== undefined) return 'SUSPENDED'
  if (!isTerminal(state)) return 'STARTING'
  return state === 'succeeded' ? 'STARTED' : 'TERMINATED'
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
    ...(state === 'TERMINATED' && isTerminal(record.state) && record.state !== 'succeeded' &&
      { error: whyNoData(record) })
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

/** The reason why there is no data, as text for the operator of the connector. */
export function whyNoData ({ job_uuid: id, state, reason, exit_code: exitCode }: JobRecord): string {
  if (state === 'succeeded') {
    return `job ${id} succeeded, but its results could not be sent to the consumer`
  }
  return `job ${id} ${state}${reason === undefined ? '' : `: ${reason}`}${
    exitCode === undefined ? '' : `, exit code ${exitCode}`
  }`
}
