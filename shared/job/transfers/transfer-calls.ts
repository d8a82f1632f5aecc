import type { Callback } from '../callbacks/callback.ts'
import { hasData } from './has-data.ts'
import type { JobRecord } from '../job-record.ts'
import { isTerminal } from '../job-state.ts'
import { transferOf, withTransfer } from './transfer-of.ts'
import { isTransfer, type Protocol, type Transfer } from './transfer.ts'

/**
 * The calls that tell a connector that a job has ended, with or without data. The callback kinds in job-completed
 * define the request of each call.
 */
const calls: Record<Protocol, { succeeded: string, otherwise: string }> = {
  'http-provisioner': { succeeded: 'provision', otherwise: 'terminate' },
  'edc-signaling': { succeeded: 'provisioned', otherwise: 'fail' },
  'dataplane-signaling': { succeeded: 'started', otherwise: 'fail' }
}

/**
 * The call that the connector of a transfer is owed for the end of its job; `undefined` once the transfer itself has
 * ended.
 */
export function transferCall (transfer: Transfer, record: JobRecord): string | undefined {
  if (transfer.ended_at !== undefined || !isTerminal(record.state)) return undefined
  const { succeeded, otherwise } = calls[transfer.kind]
  return hasData(record, transfer) ? succeeded : otherwise
}

/** At least a second, plus the time that a slow store needs to write the answer to the record. */
const GAP_MS = 3000

/**
 * The earliest time for a call to a connector. A connector loses a call that arrives before it has read the answer to
 * its own request, and then waits for ever. In tests, a gap of half a second was enough.
 */
export function dueFor ({ answered_at: answered }: Transfer, now: Date): string {
  return new Date(Math.max(now.getTime(), Date.parse(answered) + GAP_MS)).toISOString()
}

/** The callback of a transfer for this call, if it is or was owed. */
export function callbackOf ({ callbacks = [], targets = [] }: JobRecord, call: string): Callback | undefined {
  return callbacks.find((callback) => callback.call === call && isTransfer(targets[callback.target]))
}

/** The callbacks of a record after this call became owed, or owed again. */
export function owedCall (record: JobRecord, call: string, now: Date): Callback[] {
  const { callbacks = [], targets = [] } = record
  // A push goes to the consumer, so it need not wait until the connector has read an answer.
  const due = call === 'push' ? now.toISOString() : dueFor(transferOf(record)!, now)
  const known = callbackOf(record, call)
  if (known === undefined) {
    const target = targets.findIndex(isTransfer)
    return [...callbacks, { id: `${target}-${call}`, target, call, state: 'owed', due_at: due, attempts: [] }]
  }
  const { trying_until: _, ...again } = known
  return callbacks.map((callback) => callback === known ? { ...again, state: 'owed', due_at: due } : callback)
}

/**
 * The record after its connector got another answer: all calls that it is owed wait until it has read it.
 * `undefined` when the transfer has ended.
 */
export function answeredAgain (record: JobRecord, now: Date): JobRecord | undefined {
  if (transferOf(record)?.ended_at !== undefined) return undefined
  const answered = withTransfer(record, { answered_at: now.toISOString() })
  const due = dueFor(transferOf(answered)!, now)
  const callbacks = record.callbacks?.map((callback) =>
    callback.state === 'owed' && callback.call !== 'push' && (callback.due_at ?? '') < due
      ? { ...callback, due_at: due }
      : callback
  )
  return { ...answered, ...(callbacks && { callbacks }), revision: record.revision + 1 }
}
