import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord, noteOwing } from '../../../shared/job/record-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/**
 * Advances a record that may owe something by that, after nothing was left to do for its job. The marker, which leads
 * the ping there, comes first, in case nobody gets any further; and once more, in case a ping that found nothing owed
 * has just taken it away.
 */
export async function advanceOwing (
  store: Store,
  id: string,
  next: (record: JobRecord) => JobRecord | undefined
): Promise<JobRecord | undefined> {
  await noteOwing(store, id, { ifNoneMatch: '*' })
  const record = await advanceRecord(store, id, next)
  await noteOwing(store, id, { ifNoneMatch: '*' })
  return record
}
