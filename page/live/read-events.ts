import { ask } from '../api/ask.ts'
import { isOfType } from '../api/refusal.ts'
import type { ServerEvent } from '../../shared/http/streams/event-parser.ts'
import { serverEvents } from '../../shared/http/streams/server-events.ts'

/** Where a stream was, for the next one to continue. */
export interface Cursor {
  lastId?: string | undefined
}

/**
 * Reads one stream of the events of a job. Returns when it has ended: 'ended' with the job, 'cut' before that, 'none'
 * when this server has no streams.
 */
export async function readEvents (
  id: string,
  cursor: Cursor,
  hear: (event: ServerEvent) => void,
  signal: AbortSignal
): Promise<'ended' | 'cut' | 'none'> {
  try {
    const answer = await ask(`/job/${id}/events?log=1`, {
      headers: {
        accept: 'text/event-stream',
        ...(cursor.lastId !== undefined && { 'last-event-id': cursor.lastId })
      },
      signal
    })
    // After the last event there is nothing more to hear.
    if (answer.status === 204) return 'ended'
    if (answer.headers.get('content-type')?.startsWith('text/event-stream') !== true || answer.body === null) return 'none'
    for await (const event of serverEvents(answer.body)) {
      hear(event)
      // After it was heard: an event that fails comes again.
      cursor.lastId = event.id ?? cursor.lastId
      if (event.type === 'end') return 'ended'
    }
    return 'cut'
  } catch (error) {
    if (isOfType(error, 'not-found') || isOfType(error, 'method-not-allowed')) return 'none'
    throw error
  }
}
