const HOUR = 3600
const DAY = 24 * HOUR

/** The longest retention, counted from now. The limit makes sure that every forgotten job is removed at some time. */
export const LONGEST_SECONDS = 366 * DAY

/** Long enough to notice a missing result after the end of a month, short enough to limit the size of the bucket. */
const DEFAULT = '30d'

/** Parses the annotation `gx4ki.io/retention` (whole days or hours, at most 366 days) and returns seconds. */
export function parseRetention (text = DEFAULT): number {
  const [, count, unit] = /^([1-9][0-9]{0,3})([dh])$/.exec(text) ?? []
  const seconds = Number(count) * (unit === 'd' ? DAY : HOUR)
  if (!(seconds <= LONGEST_SECONDS)) {
    throw new Error('must be whole days or hours, such as 30d or 12h, and at most 366d')
  }
  return seconds
}
