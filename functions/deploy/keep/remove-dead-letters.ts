import { DEAD_LETTER_PREFIX, deadLetterKey } from '../../../shared/store/bucket-layout.ts'
import { inBatches, listObjects, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Long enough for an operator to look for the cause. A ping has repaired the state of the job long before. */
const KEPT_MS = 30 * 86_400_000

/**
 * Removes old events that could not be delivered, the oldest first, at most `most` in one ping. Returns the number of
 * removed events.
 */
export async function removeDeadLetters (store: Store, most = 1000): Promise<number> {
  const end = deadLetterKey(new Date(Date.now() - KEPT_MS).toISOString(), '')
  const { objects } = await listObjects(store, { prefix: DEAD_LETTER_PREFIX, limit: most, tags: false })
  const due = objects.filter(({ key }) => key < end)
  await inBatches(due, async ({ key }) => await removeObject(store, key))
  return due.length
}
