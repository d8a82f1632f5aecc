import type { JobRecord } from './job-record.ts'
import { type Target, toldStates } from './target.ts'
import { dueFor, transferCall } from './transfer-calls.ts'
import { isTransfer } from './transfer.ts'

type Kinds = { [K in Target['kind']]: (target: Extract<Target, { kind: K }>, record: JobRecord) => string | undefined }

/**
 * What each kind of target is called with when a record has just come into its state; nothing when that is none of its
 * business.
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

/** When a target can be told first; RFC 3339. */
export function firstDue (target: Target, now: Date): string {
  return isTransfer(target) ? dueFor(target, now) : now.toISOString()
}
