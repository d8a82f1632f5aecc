import { ask, jsonOf, LONG_MS } from '../api/ask.ts'
import type { Session } from '../session.ts'
import { hasEnded, JOB_MEMBERS, type Job } from './job.ts'

/** The longest wait that the API offers. */
const LONGEST_SECONDS = 50
/** A server that does not wait must not be asked without a pause. */
const LEAST_MS = 1000

export interface Watching {
  /** Gets the job at first, and after each change. */
  seen?: (job: Job) => Promise<void>
  signal?: AbortSignal
  /** How old what `seen` gets may be: progress and counted files end no wait. */
  seconds?: number
}

/**
 * Follows a job until it has ended, and returns it. A server or network that fails for some minutes is waited for.
 */
export async function watchJob (
  session: Session,
  id: string,
  { seen = async () => {}, signal = session.interrupt, seconds = LONGEST_SECONDS }: Watching = {}
): Promise<Job> {
  let etag: string | null = null
  for (;;) {
    const began = session.now()
    const answer: Response = await ask(session, {
      path: `/job/${id}`,
      // The first answer comes at once, because without an ETag the server would wait for the end.
      headers: etag === null ? {} : { prefer: `wait=${seconds}`, 'if-none-match': etag },
      also: [304],
      patience: LONG_MS,
      timeout: (LONGEST_SECONDS + 30) * 1000,
      whole: true,
      signal
    })
    const before: string | null = etag
    if (answer.status !== 304) {
      etag = answer.headers.get('etag')
      const job = await jsonOf<Job>(session, answer, ...JOB_MEMBERS)
      await seen(job)
      if (hasEnded(job)) return job
    }
    const left = LEAST_MS - (session.now() - began)
    if ((answer.status === 304 || etag === null || etag === before) && left > 0) await session.sleep(left, signal)
  }
}
