import { readRecord } from '../../../shared/job/record-store.ts'
import { inBatches, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { abortMultipart, abortUploads } from '../../../shared/store/unfinished-uploads.ts'
import { kinds, type Orphan } from './find-orphans.ts'

/**
 * Removes orphans job by job. Returns the removed orphans, and an error for each job that failed. A retry with an old
 * idempotency key can still create the job, so its record is read again right before the removal: the objects of a job
 * that has a record stay.
 */
export async function removeOrphans (
  store: Store,
  orphans: Orphan[]
): Promise<{ removed: Orphan[], failed: Map<string, unknown> }> {
  const removed: Orphan[] = []
  const failed = new Map<string, unknown>()
  for (const [job, all] of Map.groupBy(orphans, ({ job }) => job)) {
    try {
      if (await readRecord(store, job) !== undefined) continue
      await abortUploads(store, job)
      for (const kind of kinds) {
        const these = all.filter((orphan) => orphan.kind === kind)
        await inBatches(these, async ({ key, uploadId }) => {
          await (uploadId === undefined ? removeObject(store, key) : abortMultipart(store, key, uploadId))
        })
        removed.push(...these)
      }
    } catch (error) {
      failed.set(job, error)
    }
  }
  return { removed, failed }
}
