import { markerKey } from '../../shared/bucket-layout.ts'
import type { JobRecord } from '../../shared/job-record.ts'
import { putObject, type Store } from '../../shared/object-store.ts'
import { createRecord } from '../../shared/record-store.ts'
import { newRecord } from './new-record.ts'

/** A job in the bucket as deploy leaves it: its record with its marker. Answers its id. */
export async function openRecord (store: Store, more: Partial<JobRecord> = {}): Promise<string> {
  const record = newRecord(more)
  await putObject(store, markerKey(record.job_uuid), '', {}, 'unconditional')
  await createRecord(store, record)
  return record.job_uuid
}
