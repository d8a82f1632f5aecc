import { LONG_MS, ask, notOfApi } from '../api/ask.ts'
import { networkReason } from '../api/network-reason.ts'
import type { Session } from '../session.ts'
import type { ServerEvent } from '../../shared/http/streams/event-parser.ts'
import { serverEvents } from '../../shared/http/streams/server-events.ts'

/** Before the next stream, in case a server ends each at once. */
const PAUSE_MS = 500

interface LogData {
  attempt: string
  lines: string[]
  /** The last line has no line feed: the next event goes on with it. */
  open?: true
  skipped?: number
}

/**
 * The lines of a job's log as they are written, until the job has ended; at first the last `tail` of them, or all. The
 * server ends a stream after some minutes, and a network may cut it, so the next one goes on after its last event.
 */
export async function * liveLog (
  session: Session,
  id: string,
  tail: number | undefined
): AsyncGenerator<Uint8Array> {
  let last: string | undefined
  let pod: string | undefined
  let isOpen = false
  for (;;) {
    try {
      for await (const { id: at, type, data } of streamOf(session, id, tail, last)) {
        if (type === 'log') {
          const { attempt, lines, open = false, skipped } = JSON.parse(data) as LogData
          const isOther = pod !== undefined && pod !== attempt
          if (isOther) await session.note('The lines of another pod follow.')
          if (skipped !== undefined) await session.note(`At least ${skipped} lines are left out here.`)
          const before = isOpen && (isOther || skipped !== undefined) ? '\n' : ''
          pod = attempt
          isOpen = open
          // Without lines, it only says where a tail begins.
          if (lines.length > 0) yield Buffer.from(before + lines.join('\n') + (open ? '' : '\n'))
        }
        if (type === 'end') return
        // After the event was used, so that it comes again if that failed.
        last = at ?? last
      }
    } catch (error) {
      session.interrupt.throwIfAborted()
      if (!networkReason(error).isTemporary) throw error
    }
    await session.sleep(PAUSE_MS, session.interrupt)
  }
}

/** The events of one stream, until the server or the network ends it. */
async function * streamOf (
  session: Session,
  id: string,
  tail: number | undefined,
  last: string | undefined
): AsyncGenerator<ServerEvent> {
  const answer = await ask(session, {
    path: `/job/${id}/events?log=1${tail === undefined ? '' : `&tail=${tail}`}`,
    headers: { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
    patience: LONG_MS
  })
  // 204: the last event was heard already.
  if (answer.status === 204) return yield { id: last, type: 'end', data: '' }
  if (answer.body === null || !/^text\/event-stream\b/.test(answer.headers.get('content-type') ?? '')) {
    await answer.body?.cancel()
    throw notOfApi(session, 'events')
  }
  yield * serverEvents(answer.body)
}
