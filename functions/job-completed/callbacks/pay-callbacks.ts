import type { FastifyBaseLogger } from 'fastify'
import { failureOf } from '../../../shared/egress/failure.ts'
import type { Remind } from '../../../shared/events/remind.ts'
import { guardedRequest, TIMEOUT_MS } from '../../../shared/egress/guarded-request.ts'
import type { Attempt, Callback, Ended } from '../../../shared/job/callbacks/callback.ts'
import { claimCallback, dueCallbacks, endAttempt } from '../../../shared/job/callbacks/owed-callbacks.ts'
import { advanceFound, advanceRecord, type FoundRecord, readRecord } from '../../../shared/job/record-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { atMostPer } from '../../../shared/flow/at-most-per.ts'
import type { Outcome } from './callback-kind.ts'
import type { CallbackSettings } from './callback-settings.ts'
import { kindOf } from './kind-of.ts'
import { nextTry } from './next-try.ts'
import { receiverOf } from './receiver-of.ts'

/**
 * How many requests one process sends at once, in all and to each host. Each receiver that never answers occupies one
 * of them until the timeout. Pushes of results may take half an hour, so they have a share of their own.
 */
const CALLS = { most: 16, each: 4 }
const PUSHES = { most: 16, each: 2 }

/** A claim lasts this much longer than a try, because the store may be slow to write the outcome. */
const SLOW_STORE_MS = 45_000

export interface Outbox {
  settings: CallbackSettings
  /** Limits the number of requests at once, also to one host. */
  callInTurn: ReturnType<typeof atMostPer>
  pushInTurn: ReturnType<typeof atMostPer>
  /** Aborted when the process is about to stop. Then it claims no more callbacks, and the next process makes them. */
  stopping: AbortSignal
  log: Pick<FastifyBaseLogger, 'info' | 'warn'>
  remind: Remind
}

export function newOutbox (
  settings: CallbackSettings,
  remind: Remind,
  stopping: AbortSignal,
  log: Outbox['log']
): Outbox {
  return { settings, remind, stopping, log, callInTurn: atMostPer(CALLS), pushInTurn: atMostPer(PUSHES) }
}

interface Deps {
  store: Store
  outbox: Outbox
}

/** Tries every due callback of a job once. Returns the record as it is afterwards; `undefined` when it is gone. */
export async function payCallbacks (deps: Deps, known: FoundRecord): Promise<FoundRecord | undefined> {
  const due = dueCallbacks(known.record, new Date())
  if (due.length === 0) return known
  const { callInTurn, pushInTurn, settings } = deps.outbox
  await Promise.all(due.map(async (callback) => {
    const inTurn = callback.call === 'push' ? pushInTurn : callInTurn
    await inTurn(
      receiverOf(known.record, callback, settings),
      async () => await payCallback(deps, known, callback.id)
    )
  }))
  return await readRecord(deps.store, known.record.job_uuid)
}

async function payCallback ({ store, outbox }: Deps, known: FoundRecord, id: string): Promise<void> {
  const job = known.record.job_uuid
  if (outbox.stopping.aborted) return
  const claim = await claimed(store, known, id)
  if (claim === undefined) return
  const { result, outcome, retryAfter, cause } = await attempt(store, outbox.settings, claim)
  const now = new Date()
  const tried = claim.callback.attempts.filter(({ extra }) => !extra).length
  const next = outcome === 'later' ? nextTry(tried, retryAfter, now, Math.random()) : undefined
  const state = outcome === 'delivered' ? 'delivered' : next === undefined ? 'dead' : 'owed'
  const ended: Ended = { result, state, ...(next !== undefined && { due_at: next.toISOString() }) }
  await advanceRecord(store, job, (record) => {
    const after = endAttempt(record, id, claim.until, ended)
    const [before, callback] = [record, after].map((one) => one?.callbacks?.find((known) => known.id === id))
    // A callback that was dropped has no effect any more, also if it arrived.
    const isSettled = before?.state === 'owed' && (callback?.state === 'delivered' || callback?.state === 'dead')
    const { settled } = kindOf(claim.record.targets![claim.callback.target]!)
    return after !== undefined && callback !== undefined && isSettled && settled !== undefined
      ? settled(after, callback, result.status, now)
      : after
  }, claim)
  const line = { job_uuid: job, callback: id, ...ended }
  if (state === 'delivered') outbox.log.info(line, 'callback delivered')
  else outbox.log.warn({ ...line, err: cause }, 'callback not delivered')
}

interface Claim extends FoundRecord {
  callback: Callback
  until: Date
}

/**
 * Claims a callback. When several processes try this at the same time, only one succeeds; the others get `undefined`.
 */
async function claimed (
  store: Store,
  seen: FoundRecord,
  id: string
): Promise<Claim | undefined> {
  const { job_uuid: job, targets = [], callbacks = [] } = seen.record
  const known = callbacks.find((one) => one.id === id)!
  const now = new Date()
  const until = new Date(
    now.getTime() + (kindOf(targets[known.target]!).timeoutMs?.(known) ?? TIMEOUT_MS) + SLOW_STORE_MS
  )
  let isOurs = false
  const found = await advanceFound(store, job, (current) => {
    const next = claimCallback(current, id, now, until)
    isOurs = next !== undefined
    return next
  }, seen)
  const callback = found?.record.callbacks?.find((one) => one.id === id)
  return isOurs && found !== undefined && callback !== undefined ? { ...found, callback, until } : undefined
}

async function attempt (
  store: Store,
  settings: CallbackSettings,
  { record, callback }: Claim
): Promise<{ result: Omit<Attempt, 'at'>, outcome: Outcome, retryAfter?: string | undefined, cause?: unknown }> {
  try {
    const target = record.targets![callback.target]!
    const kind = kindOf(target)
    const { status, headers, ...answer } = await guardedRequest(
      await kind.request({ record, callback, target, settings, store }),
      settings.egress
    )
    return {
      result: { status },
      outcome: kind.outcome({ status, headers, ...answer }, callback),
      retryAfter: headers['retry-after']
    }
  } catch (cause) {
    const error = failureOf(cause) ?? 'InternalError'
    // Results do not change after the end of a job, so what is missing stays missing.
    return { result: { error }, outcome: error === 'ResultMissing' ? 'never' : 'later', cause }
  }
}
