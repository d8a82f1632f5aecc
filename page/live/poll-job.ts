import { ask } from '../api/ask.ts'
import type { Job } from '../api/shapes.ts'
import { hasEnded } from '../show/state-mark.tsx'
import { pause } from './pause.ts'

/** The longest wait that the API offers. */
const WAIT_SECONDS = 50
/** While a job runs, its counts and its progress change without news. */
const RUNNING_SECONDS = 5
/** A server that does not wait must not be asked without a pause. */
const LEAST_MS = 1000

/** Asks for the job until it has ended, with requests that the server holds until there is news. */
export async function pollJob (id: string, seen: (job: Job) => void, signal: AbortSignal): Promise<void> {
  let etag: string | null = null
  let state: Job['state'] = 'accepted'
  while (!signal.aborted) {
    const began = Date.now()
    const seconds = state === 'running' ? RUNNING_SECONDS : WAIT_SECONDS
    const answer = await ask(`/job/${id}`, {
      headers: etag === null ? {} : { prefer: `wait=${seconds}`, 'if-none-match': etag },
      signal
    })
    if (answer.status !== 304) {
      etag = answer.headers.get('etag')
      const job = await answer.json() as Job
      seen(job)
      state = job.state
      if (hasEnded(state)) return
    }
    await pause(Math.max(0, LEAST_MS - (Date.now() - began)), signal)
  }
}
