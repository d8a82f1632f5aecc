import { resultToken } from '../access/result-token.ts'
import type { JobRecord } from '../job/job-record.ts'
import { isTerminal } from '../job/job-state.ts'
import type { Transfer } from '../job/transfer.ts'
import { resultAddress } from '../results/result-address.ts'

/** The states of a data flow that this data plane, which only provides, can have. */
export type FlowState = 'STARTING' | 'STARTED' | 'SUSPENDED' | 'COMPLETED' | 'TERMINATED'

export const HTTP_PULL = 'https://w3id.org/dspace-sig/profile/http-pull'
export const HTTP_PUSH = 'https://w3id.org/dspace-sig/profile/http-push'

/** What the addresses and tokens of results are made with. */
export interface Place {
  publicUrl: string
  resultTokenKey: string
}

/** A transfer and its job as Data Plane Signaling sees them. */
export function flowState (
  { state }: JobRecord,
  { ended_at: ended, completed, suspended_at: suspended }: Transfer
): FlowState {
  if (ended !== undefined) return completed ? 'COMPLETED' : 'TERMINATED'
  if (suspended !== undefined) return 'SUSPENDED'
  if (!isTerminal(state)) return 'STARTING'
  return state === 'succeeded' ? 'STARTED' : 'TERMINATED'
}

/** A DataFlowStatusMessage; of a flow that has started for a consumer who pulls, with the address of the results. */
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

/** Why there will be no data, for a person at the other side. */
export function whyNoData ({ job_uuid: id, state, reason, exit_code: exitCode }: JobRecord): string {
  if (state === 'succeeded') {
    return `job ${id} succeeded, but its results could not be brought to where they were wanted`
  }
  return `job ${id} ${state}${reason === undefined ? '' : `: ${reason}`}${
    exitCode === undefined ? '' : `, exit code ${exitCode}`
  }`
}
