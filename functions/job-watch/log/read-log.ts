import type { JobLog, LogPart } from './job-log.ts'
import { type LogPlace, START } from './log-place.ts'
import type { Lines } from './log-window.ts'

/** Where a reader begins. `tail`: with so many of the last lines. */
export type Begin = { after: LogPlace } | { tail: number } | typeof START

export interface Batch extends Lines {
  attempt: string
}

export interface LogReader {
  /** The next lines; `undefined` when there are none now. */
  next: () => Batch | undefined
  /** The place up to which all is read; of a tail, its begin at first. `undefined`: that is not known yet. */
  place: () => LogPlace | typeof START | undefined
  /** Whether all is read, and nothing more will come. */
  isDone: () => boolean
}

/** Reads the log of a job from memory, at the pace of one that watches. */
export function readLog (log: JobLog, begin: Begin): LogReader {
  let part: LogPart | undefined
  let at = { offset: 0, line: 0 }
  let place: LogPlace | typeof START | undefined = begin === START ? START : 'after' in begin ? begin.after : undefined

  /** Chooses where to begin. Where that depends on the log so far, not before it is there. */
  function enter (): boolean {
    const [first, last] = [log.parts[0], log.parts.at(-1)]
    if (first === undefined || last === undefined) return false
    if (begin === START) return moveTo(first, first.window.first())
    if (!last.hasCaughtUp) return false
    if ('tail' in begin && log.hasEnded() && !log.isOver) return false
    if ('tail' in begin) {
      const { line, ...from } = last.window.last(begin.tail)
      place = { attempt: last.attempt, ...from }
      return moveTo(last, { offset: from.offset, line })
    }
    const same = log.parts.filter(({ attempt }) => attempt === begin.after.attempt)
    for (const one of same) {
      const found = one.window.find(begin.after)
      if (found !== undefined) return moveTo(one, found)
    }
    return moveTo(same[0] ?? first, (same[0] ?? first).window.afterGap())
  }

  function moveTo (
    next: LogPart,
    position: { offset: number, line: number }
  ): true {
    part = next
    at = position
    return true
  }

  /** Goes on with the part after this one, if this one is finished. */
  function leave (from: LogPart): boolean {
    const next = log.parts[log.parts.indexOf(from) + 1]
    if (!from.isFinished || next === undefined) return false
    if (next.attempt !== from.attempt) return moveTo(next, next.window.first())
    const found = typeof place === 'object' ? next.window.find(place) : next.window.first()
    return moveTo(next, found ?? next.window.afterGap())
  }

  return {
    next () {
      if (part === undefined && !enter()) return undefined
      do {
        const lines = part!.window.read(at)
        if (lines === undefined) continue
        at = { offset: lines.end.offset, line: lines.line }
        place = { attempt: part!.attempt, ...lines.end }
        return { ...lines, attempt: part!.attempt }
      } while (leave(part!))
      return undefined
    },
    place: () => place,
    isDone: () => log.isOver && (log.parts.length === 0 || part === log.parts.at(-1))
  }
}
