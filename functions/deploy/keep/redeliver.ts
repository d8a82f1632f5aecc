import { problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { oweAgain } from '../../../shared/job/owed-callbacks.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import type { Deps } from '../start/start-job.ts'
import { advanceOwing } from './advance-owing.ts'

/**
 * Makes a callback owed again, and due now, in any state of the callback. Returns the record, or `undefined` when there
 * is no such job.
 */
export async function redeliver (
  place: Pick<Deps, 'store' | 'remind'>,
  id: string,
  callback: string
): Promise<JobRecord | undefined> {
  const found = await readRecord(place.store, id)
  if (found === undefined) return undefined
  if (!found.record.callbacks?.some((one) => one.id === callback)) {
    throw problem('unknown-callback', 'The job has no callback with this id', {
      job_uuid: id,
      errors: [{ field: 'callback', message: 'is not the id of a callback of this job' }]
    })
  }
  return await advanceOwing(place, id, (record) => oweAgain(record, callback, new Date()))
}
