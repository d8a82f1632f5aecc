import { askJson } from '../api/ask.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { JOB_MEMBERS, type Job } from './job.ts'

/**
 * Runs a task that watches jobs. When the caller interrupts it, the jobs go on, or are canceled if the caller wants
 * that, and the error says which.
 */
export async function cancelWhenInterrupted<T> (
  session: Session,
  ids: string[],
  isWanted: boolean,
  task: () => Promise<T>
): Promise<T> {
  try {
    return await task()
  } catch (error) {
    const { interrupt } = session
    if (!interrupt.aborted) throw error
    const { code } = interrupt.reason as Failure
    const jobs = ids.join(' ')
    if (!isWanted) {
      throw new Failure(code, `stopped watching; the job goes on: ${jobs}`, {
        type: 'urn:gx4ki:cli:interrupted',
        job_uuid: ids[0],
        hint: `gx4ki wait ${jobs} follows it, gx4ki cancel ${jobs} stops it`
      })
    }
    const signal = new AbortController().signal
    for (const id of ids) await askJson<Job>(session, { method: 'DELETE', path: `/job/${id}`, signal }, ...JOB_MEMBERS)
    throw new Failure(code, `canceled: ${jobs}`, { type: 'urn:gx4ki:cli:interrupted', job_uuid: ids[0] })
  }
}
