/** Clocks differ, and the page does not look at its own all the time. */
const TOLERANCE_MS = 30_000
const UNITS = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000]] as const
const words = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** `2 hours ago`, `in 7 days`, `just now`. */
export function relativeTime (at: number, now: number): string {
  const distance = at - now
  for (const [unit, ms] of UNITS) {
    // `in 7 days` also a moment after that was set.
    const count = distance > 0 ? Math.round(distance / ms) : Math.trunc(distance / ms)
    if (count !== 0) return words.format(count, unit)
  }
  return distance > TOLERANCE_MS ? 'in a moment' : 'just now'
}
