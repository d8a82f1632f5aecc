import { ask } from '../api/ask.ts'
import { isOfType } from '../api/refusal.ts'
import { eventParser, type ServerEvent } from '../../shared/http/event-parser.ts'

/** The server pings every 15 s. A connection without any of them is dead, whatever the browser thinks. */
const QUIET_MS = 45_000

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
  const quiet = new AbortController()
  const watchdog = (): ReturnType<typeof setTimeout> =>
    setTimeout(() => quiet.abort(new Error('the stream is quiet')), QUIET_MS)
  let timer = watchdog()
  try {
    const answer = await ask(`/job/${id}/events?log=1`, {
      headers: {
        accept: 'text/event-stream',
        ...(cursor.lastId !== undefined && { 'last-event-id': cursor.lastId })
      },
      signal: AbortSignal.any([signal, quiet.signal])
    })
    // After the last event there is nothing more to hear.
    if (answer.status === 204) return 'ended'
    if (answer.headers.get('content-type')?.startsWith('text/event-stream') !== true || answer.body === null) return 'none'
    const parse = eventParser()
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return 'cut'
      clearTimeout(timer)
      timer = watchdog()
      for (const event of parse(value)) {
        hear(event)
        // After it was heard: an event that fails comes again.
        cursor.lastId = event.id ?? cursor.lastId
        if (event.type === 'end') return 'ended'
      }
    }
  } catch (error) {
    if (isOfType(error, 'not-found') || isOfType(error, 'method-not-allowed')) return 'none'
    throw error
  } finally {
    clearTimeout(timer)
    quiet.abort()
  }
}
