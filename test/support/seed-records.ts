import type { JobRecord } from '../../shared/job/job-record.ts'
import { createRecord } from '../../shared/job/record-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/** Creates many records, a few dozen at the same time; `more` puts what else belongs to a job. */
export async function seedRecords (
  store: Store,
  records: Iterable<JobRecord>,
  more: (record: JobRecord) => Promise<void> = async () => {}
): Promise<void> {
  const left = records[Symbol.iterator]()
  await Promise.all(Array.from({ length: 32 }, async () => {
    for (let one = left.next(); !one.done; one = left.next()) {
      await createRecord(store, one.value)
      await more(one.value)
    }
  }))
}
