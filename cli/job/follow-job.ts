import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { statusLine } from '../show/status-line.ts'
import { durationText } from '../../shared/words/amounts.ts'
import type { Job } from './job.ts'
import { progressText, resultsText, stateLine } from './job-text.ts'
import { watchJob } from './watch-job.ts'

/** How often a person who looks on gets the progress of a job. A workload reports it every ten seconds at most. */
const LIVE_SECONDS = 5

/** Waits for the end of a job, and shows on stderr how it goes. `timeout`, in ms, ends the waiting and not the job. */
export async function followJob (session: Session, id: string, timeout: number | undefined): Promise<Job> {
  const { interrupt, paint } = session
  const over = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
  const signal = over === undefined ? interrupt : AbortSignal.any([interrupt, over])
  const line = statusLine(session)
  let last = ''
  try {
    const seen = async (now: Job): Promise<void> => {
      const state = stateLine(now, paint)
      const since = Date.parse(now.started_at ?? now.created_at)
      const facts = [progressText(now), resultsText(now)].filter((part) => part !== '')
      line.show(() => [state, durationText(Date.now() - since), ...facts].join('  '))
      if (state !== last) await line.log(state)
      last = state
    }
    return await watchJob(session, id, { seen, signal, ...(line.isLive && { seconds: LIVE_SECONDS }) })
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
