import { isFinal } from '../api/refusal.ts'
import type { Job } from '../api/shapes.ts'
import type { ServerEvent } from '../../shared/http/streams/event-parser.ts'
import { backOff, pause } from './pause.ts'
import { pollJob } from './poll-job.ts'
import { type Cursor, readEvents } from './read-events.ts'

/** How the page hears of a job: `polling` where the server has no streams, or they do not come through. */
export type Connection = 'live' | 'polling' | 'reconnecting' | 'off'

export interface Hear {
  event: (event: ServerEvent) => void
  job: (job: Job) => void
  connection: (connection: Connection) => void
}

/** Streams may fail where requests do not. Then the page polls for this time before it tries a stream again. */
const MOST_FAILURES = 4
const POLL_MS = 60_000

/**
 * Follows a job until it has ended. Every stream is cut after a few minutes, so continuing is the normal case. Throws
 * only what another attempt would not change.
 */
export async function followJob (
  id: string,
  cursor: Cursor,
  hear: Hear,
  signal: AbortSignal
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      const how = await readEvents(id, cursor, (event) => {
        failures = 0
        hear.connection('live')
        hear.event(event)
      }, signal)
      if (how === 'ended') return
      if (how === 'none') {
        await poll(signal)
        return
      }
      await pause(500, signal)
    } catch (error) {
      if (signal.aborted) return
      if (isFinal(error)) throw error
      failures++
      hear.connection('reconnecting')
      await pause(backOff(failures), signal)
      if (failures % MOST_FAILURES === 0 && await poll(AbortSignal.any([signal, AbortSignal.timeout(POLL_MS)]))) return
    }
  }

  /** Whether the job has ended. */
  async function poll (until: AbortSignal): Promise<boolean> {
    for (let failures = 0; !until.aborted;) {
      try {
        await pollJob(id, (job) => {
          failures = 0
          hear.connection('polling')
          hear.job(job)
        }, until)
        return !until.aborted
      } catch (error) {
        if (until.aborted) return false
        if (isFinal(error)) throw error
        hear.connection('reconnecting')
        await pause(backOff(++failures), until)
      }
    }
    return false
  }
}
