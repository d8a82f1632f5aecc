const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * After each try that failed, as Standard Webhooks 1.0 recommends: ten tries within 75 h 35 min. Most are made by a
 * ping, so up to a minute later.
 */
const PAUSES_MS = [5_000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]
const LONGEST_MS = 24 * HOUR

/** So many receivers that failed at once should not all be called at once again. */
const JITTER = 0.1

/**
 * When it is tried again after `tried` tries, or `undefined` when that was the last one. The receiver may ask for a
 * longer pause than the schedule has (`Retry-After`: seconds or a date), up to a day. `random` is from 0 to 1.
 */
export function nextTry (
  tried: number,
  retryAfter: string | undefined,
  now: Date,
  random: number
): Date | undefined {
  const pause = PAUSES_MS[tried - 1]
  if (pause === undefined) return undefined
  const asked = Math.min(pauseOf(retryAfter, now), LONGEST_MS)
  return new Date(now.getTime() + Math.max(pause * (1 + JITTER * random), asked))
}

function pauseOf (retryAfter: string | undefined, now: Date): number {
  if (retryAfter === undefined) return 0
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now.getTime()
  return Number.isNaN(asked) ? 0 : asked
}
