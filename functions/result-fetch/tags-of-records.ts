import { ALL_JOBS } from '../../shared/job/lists/listed-until.ts'
import { jobOfKey, STATE_PREFIX, stateKey } from '../../shared/store/bucket-layout.ts'
import { getTags, inBatches, listObjects, type Tags } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/** The tags of so many records are read one by one, at the same time. */
const FEW = 16

/**
 * The tags of the records of some jobs, given in order; none for a job that has no record. Where they lie close
 * together, one listing has the tags of many, if the store sends tags with listings. All others are read one by one.
 */
export async function tagsOfRecords (store: Store, ids: string[]): Promise<Map<string, Tags>> {
  const known = new Map<string, Tags>()
  let left = ids
  while (left.length > FEW) {
    const { objects, next } = await listObjects(store, {
      prefix: STATE_PREFIX,
      after: STATE_PREFIX + left[0]!,
      tags: 'if sent'
    })
    const sent = new Map(objects.map(({ key, tags }) => [jobOfKey(key), tags]))
    if (!objects.some(({ tags }) => 'state' in tags)) break
    const end = next === undefined ? ALL_JOBS : jobOfKey(objects.at(-1)!.key)
    const covered = left.filter((id) => id <= end)
    for (const id of covered) known.set(id, sent.get(id) ?? {})
    left = left.slice(covered.length)
    if (covered.length <= FEW) break
  }
  await inBatches(left, async (id) => known.set(id, await getTags(store, stateKey(id))))
  return known
}
