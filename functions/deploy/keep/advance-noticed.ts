import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceFound, type FoundRecord, readRecord } from '../../../shared/job/record-store.ts'
import { markerKey } from '../../../shared/store/bucket-layout.ts'
import { putObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/**
 * Advances a record by a change that a ping must see, for example a stop. A ping looks only at jobs that look different
 * from before (shared/ping/), and a record is not among what it compares. So the marker is written again, and before
 * the record: after a crash in between, a ping has looked in vain, and no change is missed.
 */
export async function advanceNoticed (
  store: Store,
  id: string,
  next: (record: JobRecord, etag: string) => JobRecord | undefined
): Promise<FoundRecord | undefined> {
  const known = await readRecord(store, id)
  if (known === undefined || next(known.record, known.etag) === undefined) return known
  await putObject(store, markerKey(id), '', {}, 'unconditional')
  return await advanceFound(store, id, next, known)
}
