import { pause } from '../../shared/flow/pause.ts'
import type { Pulse } from '../../shared/flow/pulse.ts'
import { jobEtag } from '../../shared/job/job-etag.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { viewOf } from '../../shared/job/job-view.ts'
import { eventId } from './log/log-place.ts'
import { type Batch, type Begin, readLog } from './log/read-log.ts'
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
  const changes = reader === undefined ? [feed.changed] : [feed.changed, log().changed]
  let state: string | undefined
  let reported: string | undefined
  /** The id of the last event. */
  let said = ''
  const event = (name: string, data: object, isLast = false): string => {
    const isPlain = reader === undefined && !isLast
    if (!isPlain) said = eventId(reader?.place(), isLast)
    return `event: ${name}\n${isPlain ? '' : `id: ${said}\n`}data: ${JSON.stringify(data)}\n\n`
  }
  yield RETRY
  await feed.counted
  while (!signal.aborted && performance.now() < over) {
    const found = feed.found()
    if (found === undefined) return
    const view = viewOf(found.record, feed.soFar())
    const now = jobEtag(found.etag, { results: feed.soFar().results })
    const isNew = now !== state
    const isReport = view.progress !== null && view.progress.at !== reported
    state = now
    reported = view.progress?.at
    // After each piece, all is looked at again: it may have changed while the client took that.
    if (isNew || isReport) {
      yield isNew ? event('state', view) : event('progress', view.progress!)
      continue
    }
    const lines = reader?.next()
    const place = reader?.place()
    if (lines !== undefined) {
      yield event('log', logData(lines))
    } else if (typeof place === 'object' && eventId(place) !== said) {
      // Where a tail begins: a client that is cut off before the first line goes on from there.
      yield event('log', { attempt: place.attempt, lines: [] })
    } else if (isTerminal(found.record.state) && (reader?.isDone() ?? true)) {
      yield event('end', { state: found.record.state }, true)
      return
    } else if (await isQuiet(Math.min(ping, over - performance.now()), signal, changes)) {
      yield ': ping\n\n'
    }
  }
}

/** Waits for a change. Returns true when there was none for so long. */
async function isQuiet (ms: number, signal: AbortSignal, changes: Pulse[]): Promise<boolean> {
  const begun = performance.now()
  await pause(ms, signal, ...changes)
  return performance.now() - begun >= ms
}

function logData ({ bytes, skipped, attempt }: Batch): object {
  const text = bytes.toString()
  const isOpen = !text.endsWith('\n')
  const lines = (isOpen ? text : text.slice(0, -1)).split('\n')
  return { attempt, lines, ...isOpen && { open: true }, ...skipped > 0 && { skipped } }
}
