import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for a time, or until one of these settles or the signal aborts. Never throws. */
export async function pause (ms: number, signal: AbortSignal, ...earlier: Promise<unknown>[]): Promise<void> {
  const over = new AbortController()
  const until = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]), ref: false }).catch(() => {})
  await Promise.race([until, ...earlier.map((one) => one.catch(() => {}))])
  over.abort()
}
