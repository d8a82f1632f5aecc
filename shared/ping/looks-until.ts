/**
 * A job in which nothing changes is looked at again after this time all the same, in case something changes it that no
 * note can show, such as an operator who edits a record.
 */
const LONGEST_MS = 3600_000

/** Until when a look holds: `until`, but at most about an hour, spread so that not all jobs are looked at at once. */
export function looksUntil (until: Date | undefined, now: Date): number {
  const longest = now.getTime() + LONGEST_MS * (0.75 + Math.random() / 2)
  return until === undefined ? longest : Math.min(until.getTime(), longest)
}
