import { putIntoLists } from '../../../shared/job/lists/job-lists.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { createRecord } from '../../../shared/job/record-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Writes a record and its keys in the lists, as deploy and job-completed do. */
export async function listedRecord (store: Store, record: JobRecord): Promise<void> {
  await putIntoLists(store, record)
  await createRecord(store, record)
}
