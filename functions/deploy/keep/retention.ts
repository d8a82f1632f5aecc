const HOUR = 3600
const DAY = 24 * HOUR

/** What anybody can have a job kept for, counted from now: what is forgotten goes in the end. */
export const LONGEST_SECONDS = 366 * DAY

/** Long enough for a result to be missed after a month's end, short enough that no bucket grows for ever. */
const DEFAULT = '30d'

/** The value of the annotation `gx4ki.io/retention`, in seconds: whole days or hours, up to a year. */
export function parseRetention (text = DEFAULT): number {
  const [, count, unit] = /^([1-9][0-9]{0,3})([dh])$/.exec(text) ?? []
  const seconds = Number(count) * (unit === 'd' ? DAY : HOUR)
  if (!(seconds <= LONGEST_SECONDS)) {
    throw new Error('must be whole days or hours, such as 30d or 12h, and at most 366d')
  }
  return seconds
}
