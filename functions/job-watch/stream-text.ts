import { pause } from '../../shared/flow/pause.ts'
import { type Begin, readLog } from './read-log.ts'
import type { Watched } from './watched-jobs.ts'

/** The lines of the workload as text, until the job has ended. Says in a line of its own where lines are left out. */
export async function * streamText (
  { feed, log }: Watched,
  begin: Begin,
  longest: number,
  signal: AbortSignal
): AsyncGenerator<Buffer> {
  const reader = readLog(log(), begin)
  const over = performance.now() + longest
  while (!signal.aborted && performance.now() < over) {
    const lines = reader.next()
    if (lines !== undefined) {
      if (lines.skipped > 0) yield Buffer.from(`--- ${lines.skipped} lines are left out here, or more ---\n`)
      yield lines.bytes
    } else if (reader.isDone() || feed.found() === undefined) {
      return
    } else {
      await pause(Math.max(over - performance.now(), 0), signal, log().changed, feed.changed)
    }
  }
}
