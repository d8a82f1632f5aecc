import { callOf, firstDue } from './call-of.ts'
import { type Callback, type Ended, isDue } from './callback.ts'
import type { JobRecord } from './job-record.ts'

/** A receiver that is asked to be called again and again must not make the record grow without end. */
const KEPT_ATTEMPTS = 30

/** What a record owes that has just come into its state: one callback for each target that wants to hear of it. */
export function owedFor (record: JobRecord, now: Date): Callback[] {
  return (record.targets ?? []).flatMap((one, target) => {
    const call = callOf(one, record)
    return call === undefined
      ? []
      : [{ id: `${target}-${call}`, target, call, state: 'owed', due_at: firstDue(one, now), attempts: [] }]
  })
}

/**
 * For the one who is about to try: the attempt is in the record before it is made. `undefined` when it is not due, or
 * somebody else is at it.
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
 * Writes down how the attempt ended that was claimed `until` then. Who has lost his claim meanwhile has nothing to say
 * any more, unless it has arrived: then nobody need try again.
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

/** Owed again, and due now; the schedule goes on where it was. `undefined` for no such callback. */
export function oweAgain (record: JobRecord, id: string, now: Date): JobRecord | undefined {
  return changed(record, id, (callback) => ({ ...callback, state: 'owed', due_at: now.toISOString() }))
}

export function isOwing ({ callbacks = [] }: JobRecord): boolean {
  return callbacks.some(({ state }) => state === 'owed')
}

/** The record with one callback changed and nothing else, whatever state the job is in. */
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
