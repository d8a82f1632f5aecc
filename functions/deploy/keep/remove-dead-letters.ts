import { DEAD_LETTER_PREFIX, deadLetterKey } from '../../../shared/store/bucket-layout.ts'
import { inBatches, listObjects, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Long enough for somebody to ask why; what such an event told, a ping has long made good. */
const KEPT_MS = 30 * 86_400_000

/**
 * Removes events that could not be delivered and are old by now, the oldest first and so many at most; answers how
 * many. The next ping goes on.
 */
export async function removeDeadLetters (store: Store, most = 1000): Promise<number> {
  const end = deadLetterKey(new Date(Date.now() - KEPT_MS).toISOString(), '')
  const { objects } = await listObjects(store, { prefix: DEAD_LETTER_PREFIX, limit: most, tags: false })
  const due = objects.filter(({ key }) => key < end)
  await inBatches(due, async ({ key }) => await removeObject(store, key))
  return due.length
}
