import type { Session } from '../session.ts'
import { bytesText, durationText } from '../../shared/words/amounts.ts'
import { printable } from '../../shared/words/printable.ts'
import { statusLine } from '../show/status-line.ts'

export interface Progress {
  /** Bytes that are there now; fewer than none when a file begins again. */
  add: (bytes: number, name?: string) => void
  /** More bytes than were expected before. */
  expect: (bytes: number) => void
  end: () => void
}

const BAR = 20
const SPEED_AFTER_MS = 2000

/** Shows on a terminal how far all downloads are together. */
export function progressOf (session: Session, bytes: number): Progress {
  const { now } = session
  const line = statusLine(session)
  const began = now()
  let expected = bytes
  let done = 0
  let first: number | undefined
  let current = ''

  function text (): string {
    const share = expected === 0 ? 1 : Math.min(1, done / expected)
    const bar = '█'.repeat(Math.round(share * BAR)).padEnd(BAR, '░')
    const took = now() - began
    // What was there at the start was not transferred.
    const speed = took < SPEED_AFTER_MS ? undefined : (done - (first ?? 0)) / took * 1000
    const rest = speed === undefined || speed <= 0
      ? ''
      : `  ${bytesText(speed)}/s  ${durationText((expected - done) / speed * 1000)} left`
    return `${bar} ${Math.floor(share * 100)} %  ${bytesText(done)} of ${bytesText(expected)}${rest}  ${printable(current)}`
  }

  return {
    add (more, name) {
      first ??= more
      done += more
      if (name !== undefined) current = name
      line.show(text)
    },
    expect (more) {
      expected += more
    },
    end () {
      line.clear()
    }
  }
}
