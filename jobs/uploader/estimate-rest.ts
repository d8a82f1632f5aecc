/** A percentage, and when it was seen. Milliseconds. */
export interface Seen {
  percent: number
  at: number
}

/** What is left at the pace since the first report, in seconds; `null` when nothing can be said yet. */
export function estimateRest (first: Seen, now: Seen): number | null {
  if (now.percent >= 100) return 0
  const done = now.percent - first.percent
  if (done <= 0 || now.at <= first.at) return null
  return Math.round((now.at - first.at) / done * (100 - now.percent) / 1000)
}
