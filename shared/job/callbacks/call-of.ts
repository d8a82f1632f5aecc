import type { JobRecord } from '../job-record.ts'
import { type Target, toldStates } from './target.ts'
import { dueFor, transferCall } from '../transfers/transfer-calls.ts'
import { isTransfer } from '../transfers/transfer.ts'

type Kinds = { [K in Target['kind']]: (target: Extract<Target, { kind: K }>, record: JobRecord) => string | undefined }

/**
 * For each kind of target: the call for the state that a record has just entered; `undefined` when the target does not
 * want one.
 */
const calls: Kinds = {
  webhook: ({ events }, { state }) => events.find((event) => event === state),
  sink: (_target, { state }) => toldStates.find((event) => event === state),
  'http-provisioner': transferCall,
  'edc-signaling': transferCall,
  'dataplane-signaling': transferCall
}

export function callOf (target: Target, record: JobRecord): string | undefined {
  const call = calls[target.kind] as (target: Target, record: JobRecord) => string | undefined
  return call(target, record)
}

/** The earliest time for a call to a target; RFC 3339. */
export function firstDue (target: Target, now: Date): string {
  return isTransfer(target) ? dueFor(target, now) : now.toISOString()
}
