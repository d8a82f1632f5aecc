import type { Callback, JobRecord } from './job-record.ts'
import { isTransfer, type Protocol, type Transfer, transferOf, withTransfer } from './transfer.ts'

/** How a connector is told that a job has ended: with its data, or without. What the words mean is for those who send. */
const calls: Record<Protocol, { succeeded: string, otherwise: string }> = {
  'http-provisioner': { succeeded: 'provision', otherwise: 'terminate' },
  'edc-signaling': { succeeded: 'provisioned', otherwise: 'fail' },
  'dataplane-signaling': { succeeded: 'started', otherwise: 'fail' }
}

/** The call that a transfer's connector is owed for the end of its job; none once the transfer itself has ended. */
export function callOf ({ kind, ended_at: ended }: Transfer, state: 'succeeded' | 'failed' | 'canceled' | 'lost'): string | undefined {
  if (ended !== undefined) return undefined
  return calls[kind][state === 'succeeded' ? 'succeeded' : 'otherwise']
}

const GAP_MS = 1000
/** By then an answer that was given has been read. */
const LONG_AGO_MS = 60_000

/**
 * When a connector can be told something. What it hears before it has read the answer to its own request it forgets, and then waits for ever; half a second was
 * always enough, so it is given twice as much.
 */
export function dueFor ({ answered_at: answered }: Transfer, now: Date): string {
  const isLongAgo = now.getTime() - Date.parse(answered) > LONG_AGO_MS
  return new Date(now.getTime() + (isLongAgo ? 0 : GAP_MS)).toISOString()
}

/** The callback of a transfer's call, if it is or was owed. */
export function callbackOf ({ callbacks = [], targets = [] }: JobRecord, call: string): Callback | undefined {
  return callbacks.find((callback) => callback.call === call && isTransfer(targets[callback.target] ?? { kind: '' }))
}

/** The callbacks of a record with one more owed, or owed again; not before its time. */
export function owedCall (record: JobRecord, call: string, now: Date): Callback[] {
  const { callbacks = [], targets = [] } = record
  const due = dueFor(transferOf(record)!, now)
  const known = callbackOf(record, call)
  if (known === undefined) return [...callbacks, { id: call, target: targets.findIndex(isTransfer), call, state: 'owed', due_at: due, attempts: [] }]
  const { trying_until: _, ...again } = known
  return callbacks.map((callback) => callback === known ? { ...again, state: 'owed', due_at: due } : callback)
}

/** The record after its connector was answered once more: whatever it is still owed waits until that answer is read, too. `undefined` when the transfer has ended. */
export function answeredAgain (record: JobRecord, now: Date): JobRecord | undefined {
  if (transferOf(record)?.ended_at !== undefined) return undefined
  const answered = withTransfer(record, { answered_at: now.toISOString() })
  const due = dueFor(transferOf(answered)!, now)
  const callbacks = record.callbacks?.map((callback) => callback.state === 'owed' && (callback.due_at ?? '') < due ? { ...callback, due_at: due } : callback)
  return { ...answered, ...(callbacks && { callbacks }), revision: record.revision + 1 }
}
