import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { statusLine } from '../show/status-line.ts'
import { durationText } from '../../shared/words/amounts.ts'
import type { Job } from './job.ts'
import { resultsText, stateLine } from './job-text.ts'
import { watchJob } from './watch-job.ts'

/** Waits for the end of a job, and shows on stderr how it goes. `timeout`, in ms, ends the waiting and not the job. */
export async function followJob (session: Session, id: string, timeout: number | undefined): Promise<Job> {
  const { interrupt, paint } = session
  const over = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
  const signal = over === undefined ? interrupt : AbortSignal.any([interrupt, over])
  const line = statusLine(session)
  let last = ''
  try {
    const job = await watchJob(session, id, async (now) => {
      const state = stateLine(now, paint)
      const since = Date.parse(now.started_at ?? now.created_at)
      line.show(() => [state, durationText(Date.now() - since), resultsText(now)].filter((part) => part !== '').join('  '))
      if (state !== last) await line.log(state)
      last = state
    }, signal)
    return job
  } catch (error) {
    if (!over?.aborted || interrupt.aborted) throw error
    throw new Failure(EXIT.unended, `the job ${id} has not ended after ${durationText(timeout!)}; it goes on`, {
      job_uuid: id,
      hint: `gx4ki wait ${id}`
    })
  } finally {
    line.clear()
  }
}
