import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isOwing } from '../../../shared/job/callbacks/owed-callbacks.ts'
import { noteOwing } from '../../../shared/job/record-store.ts'
import type { Deps } from '../start/start-job.ts'
import { advanceNoticed } from './advance-noticed.ts'

/**
 * Advances a record of a job that may be complete, when the change may add an owed callback. The ping finds the job by
 * its marker. It is written again at the end, in case a ping saw no owed callback and removed the marker in between.
 * Then job-completed is asked to make the callback.
 */
export async function advanceOwing (
  { store, remind }: Pick<Deps, 'store' | 'remind'>,
  id: string,
  next: (record: JobRecord) => JobRecord | undefined
): Promise<JobRecord | undefined> {
  const record = (await advanceNoticed(store, id, next))?.record
  if (record === undefined || !isOwing(record)) return record
  await noteOwing(store, id, { ifNoneMatch: '*' })
  remind(id)
  return record
}
