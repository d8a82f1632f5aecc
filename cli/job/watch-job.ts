import { ask, jsonOf, LONG_MS } from '../api/ask.ts'
import type { Session } from '../session.ts'
import { hasEnded, type Job } from './job.ts'

/** The longest wait that the API offers. */
const WAIT_SECONDS = 50
/** A server that does not wait must not be asked without a pause. */
const LEAST_MS = 1000

/**
 * Follows a job until it has ended, and returns it. `seen` gets the job at first, and after each change. A server or
 * network that fails for some minutes is waited for.
 */
export async function watchJob (
  session: Session,
  id: string,
  seen: (job: Job) => Promise<void> = async () => {},
  signal: AbortSignal = session.interrupt
): Promise<Job> {
  let etag: string | null = null
  for (;;) {
    const began = session.now()
    const answer: Response = await ask(session, {
      path: `/job/${id}`,
      // The first answer comes at once, because without an ETag the server would wait for the end.
      headers: etag === null ? {} : { prefer: `wait=${WAIT_SECONDS}`, 'if-none-match': etag },
      also: [304],
      patience: LONG_MS,
      timeout: (WAIT_SECONDS + 30) * 1000,
      signal
    })
    const before: string | null = etag
    if (answer.status !== 304) {
      etag = answer.headers.get('etag')
      const job = await jsonOf<Job>(session, answer)
      await seen(job)
      if (hasEnded(job)) return job
    }
    const left = LEAST_MS - (session.now() - began)
    if ((answer.status === 304 || etag === null || etag === before) && left > 0) await session.sleep(left, signal)
  }
}
