import { ask } from '../api/ask.ts'
import { bodyOf } from '../api/body-of.ts'
import { networkReason } from '../api/network-reason.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'

/** How often a log that breaks off is asked for again. */
const MOST_ATTEMPTS = 5

export interface Wanted {
  /** How often a log that is not there yet is asked for again: it is stored a moment after the job has ended. */
  again: number
  /** Only so many of the last lines. */
  tail?: number | undefined
}

/**
 * The log of a job that has ended, or so far. Only the stored log of a job that has ended has an ETag, and can be
 * continued where it was cut; of its tail, which has no ranges, what was there already is dropped. The log so far is
 * another one at each request.
 */
export async function * keptLog (
  session: Session,
  id: string,
  { again, tail }: Wanted
): AsyncGenerator<Uint8Array> {
  const path = `/job/${id}/log${tail === undefined ? '' : `?tail=${tail}`}`
  let passed = 0
  let etag: string | null = null
  for (let attempt = 1; ; attempt++) {
    const answer: Response = await openLog(session, path, again, etag === null
      ? {}
      : {
          'if-match': etag,
          ...(passed > 0 && { range: `bytes=${passed}-` })
        })
    etag = answer.headers.get('etag')
    let skip = answer.status === 206 ? 0 : passed
    try {
      for await (const chunk of bodyOf(answer)) {
        const news = chunk.subarray(Math.min(skip, chunk.length))
        skip -= chunk.length - news.length
        passed += news.length
        if (news.length > 0) yield news
      }
      return
    } catch (error) {
      session.interrupt.throwIfAborted()
      const { reason, isTemporary } = networkReason(error)
      const isSame = passed === 0 || etag !== null
      if (isTemporary && isSame && attempt < MOST_ATTEMPTS) continue
      throw new Failure(EXIT.unexpected, `the log broke off: ${reason}`, {
        job_uuid: id,
        hint: isSame ? undefined : 'the job still writes it: with -f, a log goes on after a cut',
        cause: error
      })
    }
  }
}

async function openLog (
  session: Session,
  path: string,
  again: number,
  headers: Record<string, string>
): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(session, { path, headers })
    } catch (error) {
      const isToCome = error instanceof Failure && error.is('log-not-available')
      if (!isToCome || attempt > again) throw error
      await session.sleep(Math.min(attempt * 500, 5000), session.interrupt)
    }
  }
}
