import { ask } from '../api/ask.ts'
import { networkReason } from '../api/network-reason.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { watchJob } from './watch-job.ts'

/** How often a log that breaks off is asked for again. */
const MOST_ATTEMPTS = 5

/**
 * The log of a job, chunk by chunk: so far while it runs. With `follow`, its end is waited for. A stream of the API
 * would be another source of the same chunks.
 */
export async function * logOf (
  session: Session,
  id: string,
  { follow }: { follow: boolean }
): AsyncGenerator<Uint8Array> {
  if (follow) await watchJob(session, id)
  yield * keptLog(session, id, follow ? 60 : 0)
}

/**
 * The log that is stored. It comes a moment after the job has ended, so it is asked for again, `again` times. Continues
 * where it was cut: the log has no ranges, so what was there already is read again and dropped.
 */
export async function * keptLog (session: Session, id: string, again: number): AsyncGenerator<Uint8Array> {
  let passed = 0
  let etag: string | null = null
  for (let attempt = 1; ; attempt++) {
    const answer: Response = await openLog(session, id, etag, again)
    etag = answer.headers.get('etag')
    let skip = passed
    try {
      for await (const chunk of answer.body ?? []) {
        const news = chunk.subarray(Math.min(skip, chunk.length))
        skip -= chunk.length - news.length
        passed += news.length
        if (news.length > 0) yield news
      }
      return
    } catch (error) {
      session.interrupt.throwIfAborted()
      const { reason, isTemporary } = networkReason(error)
      if (isTemporary && attempt < MOST_ATTEMPTS) continue
      throw new Failure(EXIT.unexpected, `the log broke off: ${reason}`, { job_uuid: id, cause: error })
    }
  }
}

async function openLog (
  session: Session,
  id: string,
  etag: string | null,
  again: number
): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      const headers = etag === null ? undefined : { 'if-match': etag }
      return await ask(session, { path: `/job/${id}/log`, ...(headers && { headers }) })
    } catch (error) {
      const isToCome = error instanceof Failure && error.is('log-not-available')
      if (!isToCome || attempt > again) throw error
      await session.sleep(Math.min(attempt * 500, 5000), session.interrupt)
    }
  }
}
