import type { Place } from './log-window.ts'

/** A place in the log of one attempt of a job, as the id of an event says it. */
export interface LogPlace extends Place {
  /** The uid of the pod. */
  attempt: string
}

const END = 'end'

/** Everything is read, and the stream has said so. */
export function isEnd (lastEventId: string | undefined): boolean {
  return lastEventId === END || (lastEventId?.endsWith(`.${END}`) ?? false)
}

export function eventId (place: LogPlace | undefined, isLast = false): string {
  const parts = place === undefined ? [] : [place.attempt, place.offset, place.mark.toString(16)]
  return [...parts, ...isLast ? [END] : []].join('.')
}

/** The place that an event id names; `undefined` when it names none. */
export function placeOf (eventId: string | undefined): LogPlace | undefined {
  const [, attempt, offset, mark] = /^([\w-]+)\.(\d{1,15})\.([0-9a-f]{1,8})(?:\.end)?$/.exec(eventId ?? '') ?? []
  if (attempt === undefined || offset === undefined || mark === undefined) return undefined
  return { attempt, offset: Number(offset), mark: Number.parseInt(mark, 16) }
}
