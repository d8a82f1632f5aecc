import { pause } from '../../shared/flow/pause.ts'
import { type Begin, readLog } from './log/read-log.ts'
import type { Watched } from './watched-jobs.ts'

const NEWLINE = 0x0a

/** The lines of the workload as text, until the job has ended. Says in a line of its own where lines are left out. */
export async function * streamText (
  { feed, log }: Watched,
  begin: Begin,
  longest: number,
  signal: AbortSignal
): AsyncGenerator<Buffer> {
  const reader = readLog(log(), begin)
  const over = performance.now() + longest
  let pod: string | undefined
  let isOpen = false
  while (!signal.aborted && performance.now() < over) {
    const lines = reader.next()
    if (lines !== undefined) {
      const { bytes, skipped, attempt } = lines
      // A line that was cut off there has no end.
      if (isOpen && (skipped > 0 || attempt !== pod)) yield Buffer.from('\n')
      if (skipped > 0) yield Buffer.from(`--- ${skipped} lines are left out here, or more ---\n`)
      yield bytes
      pod = attempt
      isOpen = bytes.at(-1) !== NEWLINE
    } else if (reader.isDone() || feed.found() === undefined) {
      return
    } else {
      await pause(Math.max(over - performance.now(), 0), signal, log().changed, feed.changed)
    }
  }
}
