const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * The pause after each failed try, as Standard Webhooks 1.0 recommends: ten tries within 75 h 35 min. Most tries are
 * made by a ping, so up to a minute later.
 */
const PAUSES_MS = [5_000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]
const LONGEST_MS = 24 * HOUR

/** Random extra pause, so that receivers that failed at the same time are not all called at the same time again. */
const JITTER = 0.1

/**
 * The time of the next try after `tried` tries, or `undefined` when there are no tries left. The receiver may ask for a
 * pause longer than the schedule's (`Retry-After`: seconds or a date), up to a day. `random` is from 0 to 1.
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
