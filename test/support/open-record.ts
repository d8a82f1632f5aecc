import type { JobRecord } from '../../shared/job/job-record.ts'
import { tagsOf } from '../../shared/job/lists/tags-of.ts'
import { markerKey, stateKey } from '../../shared/store/bucket-layout.ts'
import { putObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { newRecord } from './new-record.ts'

/** Puts a job into the bucket as deploy does: its record and its marker. Returns its id. */
export async function openRecord (store: Store, more: Partial<JobRecord> = {}): Promise<string> {
  const record = newRecord(more)
  await putObject(store, markerKey(record.job_uuid), '', {}, 'unconditional')
  await putObject(store, stateKey(record.job_uuid), JSON.stringify(record), tagsOf(record), 'unconditional')
  return record.job_uuid
}
