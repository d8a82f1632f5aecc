import type { JobRecord } from '../../shared/job/job-record.ts'
import { createRecord } from '../../shared/job/record-store.ts'
import { markerKey } from '../../shared/store/bucket-layout.ts'
import { putObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { newRecord } from './new-record.ts'

/** A job in the bucket as deploy leaves it: its record with its marker. Answers its id. */
export async function openRecord (store: Store, more: Partial<JobRecord> = {}): Promise<string> {
  const record = newRecord(more)
  await putObject(store, markerKey(record.job_uuid), '', {}, 'unconditional')
  await createRecord(store, record)
  return record.job_uuid
}
