import { problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { oweAgain } from '../../../shared/job/callbacks/owed-callbacks.ts'
import type { Deps } from '../start/start-job.ts'
import { advanceOwing } from './advance-owing.ts'

/**
 * Makes a callback of a job owed again, and due now, in any state of the callback. Returns the record, or `undefined`
 * when the job was removed.
 */
export async function redeliver (
  place: Pick<Deps, 'store' | 'remind'>,
  { job_uuid: id, callbacks }: JobRecord,
  callback: string
): Promise<JobRecord | undefined> {
  if (!callbacks?.some((one) => one.id === callback)) {
    throw problem('unknown-callback', 'The job has no callback with this id', {
      job_uuid: id,
      errors: [{ field: 'callback', message: 'is not the id of a callback of this job' }]
    })
  }
  return await advanceOwing(place, id, (record) => oweAgain(record, callback, new Date()))
}
