import type { Test } from 'tap'
import { jobWatch, type JobWatchOptions } from '../../functions/job-watch/app.ts'
import { admitCallers, type CallerSettings } from '../../shared/access/admit-callers.ts'
import { readEvents, type ServerEvent } from './read-events.ts'
import { serve } from './serve.ts'

/** Starts job-watch. It asks for credentials only when there are settings for them. */
export async function watchServer (
  t: Test,
  options: Omit<JobWatchOptions, 'times'> & Partial<JobWatchOptions>,
  callers: Partial<CallerSettings> = {}
) {
  const { url, close } = await serve(
    t,
    jobWatch({ times: { longest: 240_000, ping: 15_000 }, ...options }),
    admitCallers('test', { HOST: '127.0.0.1', ...callers }, options.store)
  )
  const open = async (id: string, query = '', last?: string, signal?: AbortSignal): Promise<Response> =>
    await fetch(`${url}/job/${id}/events${query}`, {
      headers: { accept: 'text/event-stream', ...last !== undefined && { 'last-event-id': last } },
      ...signal && { signal }
    })
  return {
    url,
    close,
    open,
    /** All events until the stream ends. */
    events: async (id: string, query = '', last?: string): Promise<ServerEvent[]> =>
      await Array.fromAsync(readEvents(await open(id, query, last))),
    log: async (id: string, query = '', headers: Record<string, string> = {}): Promise<Response> =>
      await fetch(`${url}/job/${id}/log${query}`, { headers })
  }
}
