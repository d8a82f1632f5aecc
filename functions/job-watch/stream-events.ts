import { pause } from '../../shared/flow/pause.ts'
import { jobEtag } from '../../shared/job/job-etag.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { viewOf } from '../../shared/job/job-view.ts'
import { eventId } from './log-place.ts'
import { type Batch, type Begin, type LogReader, readLog } from './read-log.ts'
import type { Watched } from './watched-jobs.ts'

export interface StreamTimes {
  /** A stream ends after this time, before Knative would cut it. Milliseconds. */
  longest: number
  /** Between two comments, when there is nothing else to send. */
  ping: number
}

/** What a client that was cut off waits before it comes again. */
const RETRY = 'retry: 2000\n\n'

/**
 * The events of a job (text/event-stream), from its state now until its end. With `log`, also the lines of the
 * workload. Each event has the place in the log as its id, so that a stream can go on where another one ended.
 */
export async function * streamEvents (
  { feed, log }: Watched,
  begin: Begin | undefined,
  { longest, ping }: StreamTimes,
  signal: AbortSignal
): AsyncGenerator<string> {
  const reader = begin === undefined ? undefined : readLog(log(), begin)
  const over = performance.now() + longest
  let state = ''
  let reported: string | undefined
  yield RETRY
  while (!signal.aborted && performance.now() < over) {
    // Before the look, so that no change in between is missed.
    const changes = [feed.changed.next(), ...reader === undefined ? [] : [log().changed.next()]]
    const found = feed.found()
    if (found === undefined) return
    const now = jobEtag(found.etag, { results: feed.soFar().results })
    const view = viewOf(found.record, feed.soFar())
    if (now !== state) yield event('state', view, reader)
    else if (view.progress !== null && view.progress.at !== reported) yield event('progress', view.progress, reader)
    state = now
    reported = view.progress?.at
    const lines = reader?.next()
    if (lines !== undefined) {
      yield event('log', logData(lines), reader)
    } else if (isTerminal(found.record.state) && (reader?.isDone() ?? true)) {
      yield event('end', { state: found.record.state }, reader, true)
      return
    } else if (await isQuiet(ping, over, signal, changes)) {
      yield ': ping\n\n'
    }
  }
}

/** Waits for a change. Returns true when there was none for the time of a ping. */
async function isQuiet (
  ping: number,
  over: number,
  signal: AbortSignal,
  changes: Promise<void>[]
): Promise<boolean> {
  const begun = performance.now()
  await pause(Math.min(ping, Math.max(over - begun, 0)), signal, ...changes)
  return performance.now() - begun >= ping
}

function event (
  name: string,
  data: object,
  reader: LogReader | undefined,
  isLast = false
): string {
  const place = reader?.place()
  const id = reader === undefined && !isLast ? '' : `id: ${eventId(place, isLast)}\n`
  return `event: ${name}\n${id}data: ${JSON.stringify(data)}\n\n`
}

function logData ({ bytes, skipped, attempt }: Batch): object {
  const text = bytes.toString()
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
  return { attempt, lines, ...skipped > 0 && { skipped } }
}
