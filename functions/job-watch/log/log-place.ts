import type { Place } from './log-window.ts'

/** A place in the log of one attempt of a job, as the id of an event says it. */
export interface LogPlace extends Place {
  /** The uid of the pod. */
  attempt: string
}

/** Before the first line of a job that has not begun to write, or of a reader that has read nothing. */
export const START = 'start'

const END = 'end'

/** Everything is read, and the stream has said so. */
export function isEnd (lastEventId: string | undefined): boolean {
  return lastEventId === END || (lastEventId?.endsWith(`.${END}`) ?? false)
}

export function eventId (place: LogPlace | typeof START | undefined, isLast = false): string {
  const parts = typeof place === 'object' ? [place.attempt, place.offset, place.mark.toString(16)] : [place]
  return [...parts, isLast ? END : undefined].filter((part) => part !== undefined).join('.')
}

/** The place that an event id names; `undefined` when it names none. */
export function placeOf (eventId: string | undefined): LogPlace | typeof START | undefined {
  if (eventId === START) return START
  const [, attempt, offset, mark] = /^([\w-]+)\.(\d{1,15})\.([0-9a-f]{1,8})(?:\.end)?$/.exec(eventId ?? '') ?? []
  if (attempt === undefined || offset === undefined || mark === undefined) return undefined
  return { attempt, offset: Number(offset), mark: Number.parseInt(mark, 16) }
}
