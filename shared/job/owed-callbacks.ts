import { callOf, firstDue } from './call-of.ts'
import { type Callback, type Ended, isDue } from './callback.ts'
import type { JobRecord } from './job-record.ts'

/** Only the last attempts are kept, so that many redeliveries do not make the record grow without limit. */
const KEPT_ATTEMPTS = 30

/** The callbacks that a record owes when it has just entered its state: one for each target that wants this state. */
export function owedFor (record: JobRecord, now: Date): Callback[] {
  return (record.targets ?? []).flatMap((one, target) => {
    const call = callOf(one, record)
    return call === undefined
      ? []
      : [{ id: `${target}-${call}`, target, call, state: 'owed', due_at: firstDue(one, now), attempts: [] }]
  })
}

/**
 * Claims a callback for a try. The attempt is written to the record before it is made. `undefined` when the callback is
 * not due, or another process has claimed it.
 */
export function claimCallback (
  record: JobRecord,
  id: string,
  now: Date,
  until: Date
): JobRecord | undefined {
  return changed(record, id, (callback) =>
    isDue(callback, now)
      ? {
          ...callback,
          trying_until: until.toISOString(),
          attempts: [...callback.attempts, { at: now.toISOString() }].slice(-KEPT_ATTEMPTS)
        }
      : undefined)
}

/**
 * Records how an attempt ended; `until` identifies its claim. If the claim was lost in the meantime, only a delivery is
 * recorded, because then no other process needs to try.
 */
export function endAttempt (
  record: JobRecord,
  id: string,
  until: Date,
  { result, state, due_at: due }: Ended
): JobRecord | undefined {
  return changed(record, id, (callback) => {
    const isOurs = callback.trying_until === until.toISOString()
    if (!isOurs && state !== 'delivered') return undefined
    const { trying_until: _, due_at: __, ...rest } = callback
    const attempts = isOurs
      ? [...callback.attempts.slice(0, -1), { ...callback.attempts.at(-1)!, ...result }]
      : callback.attempts
    return { ...rest, state, attempts, ...(due !== undefined && { due_at: due }) }
  })
}

/**
 * Makes a callback owed again and due now. The schedule continues where it was. `undefined` when there is no such
 * callback.
 */
export function oweAgain (record: JobRecord, id: string, now: Date): JobRecord | undefined {
  return changed(record, id, (callback) => ({ ...callback, state: 'owed', due_at: now.toISOString() }))
}

export function isOwing ({ callbacks = [] }: JobRecord): boolean {
  return callbacks.some(({ state }) => state === 'owed')
}

/** The record with one callback changed and nothing else, in any state of the job. */
function changed (
  record: JobRecord,
  id: string,
  change: (callback: Callback) => Callback | undefined
): JobRecord | undefined {
  const callbacks = record.callbacks ?? []
  const at = callbacks.findIndex((one) => one.id === id)
  const next = at === -1 ? undefined : change(callbacks[at]!)
  return next && { ...record, revision: record.revision + 1, callbacks: callbacks.with(at, next) }
}
