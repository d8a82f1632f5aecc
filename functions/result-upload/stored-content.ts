import { resultKey } from '../../shared/store/bucket-layout.ts'
import { getTags, headObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import type { Attempt } from './attempt.ts'
import type { Content } from './claimed-file.ts'

/** What the store has under a result's name, with the sha256 that was granted at its upload. */
export async function storedContent (
  store: Store,
  { id, attempt }: Attempt,
  name: string
): Promise<Content | undefined> {
  const key = resultKey(id, attempt, name)
  const [head, tags] = await Promise.all([headObject(store, key), getTags(store, key)])
  return head && { size: head.size, sha256: tags['sha256'] ?? '' }
}
