import { callOf, firstDue } from './call-of.ts'
import { type Callback, type Ended, isDue } from './callback.ts'
import type { JobRecord } from '../job-record.ts'
import { isTransfer } from '../transfers/transfer.ts'

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

/** The callbacks of a record that can be tried now. */
export function dueCallbacks (record: JobRecord, now: Date): Callback[] {
  return (record.callbacks ?? []).filter((callback) => isDue(callback, now) && !isHeld(record, callback))
}

/** When the next callback of a record is due that no process tries at the moment; `undefined` when there is none. */
export function nextDue (record: JobRecord, now: Date): Date | undefined {
  const times = (record.callbacks ?? [])
    .filter((callback) => callback.state === 'owed' && !isHeld(record, callback) && !isTried(callback, now))
    .map(({ due_at: due }) => due === undefined ? now.getTime() : Date.parse(due))
  return times.length === 0 ? undefined : new Date(Math.min(...times))
}

/** A suspended transfer pushes nothing until it is resumed. That is no failed try. */
function isHeld ({ targets = [] }: JobRecord, { target, call }: Callback): boolean {
  const one = targets[target]
  return call === 'push' && isTransfer(one) && one.suspended_at !== undefined
}

function isTried ({ trying_until: until = '' }: Callback, now: Date): boolean {
  return until > now.toISOString()
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
  return changed(record, id, (callback) => {
    if (!isDue(callback, now) || isHeld(record, callback)) return undefined
    const { extra, again_at: _, ...rest } = callback
    const begun = { at: now.toISOString(), ...(extra && { extra }) }
    return {
      ...rest,
      trying_until: until.toISOString(),
      attempts: [...callback.attempts, begun].slice(-KEPT_ATTEMPTS)
    }
  })
}

/**
 * Records how an attempt ended; `until` identifies its claim. If the claim was lost in the meantime, only a delivery is
 * recorded, because then no other process needs to try. A callback that was dropped during the attempt stays dropped,
 * unless it was delivered. One that was requested again during the attempt is owed again.
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
    const { trying_until: _, due_at: __, again_at: again, ...rest } = callback
    const attempts = isOurs
      ? [...callback.attempts.slice(0, -1), { ...callback.attempts.at(-1)!, ...result }]
      : callback.attempts
    if (again !== undefined) return { ...rest, state: 'owed', attempts, due_at: again }
    if (callback.state === 'dropped' && state !== 'delivered') return { ...rest, attempts }
    return { ...rest, state, attempts, ...(due !== undefined && { due_at: due }) }
  })
}

/**
 * Makes a callback owed again and due now, or, during an attempt, when this attempt has ended: it may have begun before
 * the receiver was ready. The schedule continues where it was. `undefined` when there is no such callback.
 */
export function oweAgain (record: JobRecord, id: string, now: Date): JobRecord | undefined {
  const at = now.toISOString()
  return changed(record, id, (callback) => ({
    ...callback,
    state: 'owed',
    due_at: at,
    ...(isTried(callback, now) && { again_at: at })
  }))
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
