import { setTimeout as pause } from 'node:timers/promises'
import { SOON_MS } from '../../../shared/events/remind.ts'
import { nextDue } from '../../../shared/job/callbacks/owed-callbacks.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/**
 * The time in ms until the next callback of a job is due; `undefined` when none is due soon. What is due later is left
 * to the pings.
 */
export async function soonDue (store: Store, id: string): Promise<number | undefined> {
  const found = await readRecord(store, id)
  const now = new Date()
  const due = found && nextDue(found.record, now)
  const wait = due === undefined ? undefined : Math.max(0, due.getTime() - now.getTime())
  return wait !== undefined && wait <= SOON_MS ? wait : undefined
}

/** Waits until a callback of a job is due, if one is due soon. `false`: none is, or the process is about to stop. */
export async function untilDue (store: Store, id: string, stopping: AbortSignal): Promise<boolean> {
  const wait = await soonDue(store, id)
  if (wait === undefined) return false
  // A millisecond more, because a timer may fire a little early.
  return await pause(wait + 1, true, { signal: stopping }).catch(() => false)
}
