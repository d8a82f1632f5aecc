import { problem } from '../../../shared/http/problem.ts'
import { createdAt } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { countedKey, countedPrefix, jobOfKey, markerKey } from '../../../shared/store/bucket-layout.ts'
import { inBatches, listAll, putObject, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** After this time, what a request has written before the record of its job belongs to no request in progress. */
export const ABANDONED_MS = 5 * 60_000

/** How many jobs of a caller that has reached its limit are looked at: enough to find those that count wrongly. */
const LOOKED_AT = 16

/** Writes the marker of a job, and for a caller with a limit the key by which the job counts. */
export async function markOpen (
  store: Store,
  { job_uuid: id, owner, counted }: Pick<JobRecord, 'job_uuid' | 'owner' | 'counted'>
): Promise<void> {
  await Promise.all([markerKey(id), ...counted ? [countedKey(owner, id)] : []].map(async (key) => {
    await putObject(store, key, '', {}, 'unconditional')
  }))
}

/**
 * Throws `too-many-jobs` when an owner has `most` jobs that have not ended. It lists the owner's keys below `counted/`,
 * never all open jobs. Concurrent requests can exceed the limit, because each of them may see the last free place.
 */
export async function checkOpenJobs (store: Store, owner: string | undefined, most: number): Promise<void> {
  while (true) {
    const counted = await countedJobs(store, owner, most)
    if (counted.length < most) return
    if (await removeStale(store, owner, counted) > 0) continue
    throw problem(
      'too-many-jobs',
      `You have ${most} jobs that have not ended, and that is the limit; send the request again when one has ended`,
      { headers: { 'retry-after': '60' } }
    )
  }
}

/** The jobs that count for an owner, at most so many. */
async function countedJobs (store: Store, owner: string | undefined, most: number): Promise<string[]> {
  const counted: string[] = []
  for await (const { key } of listAll(store, countedPrefix(owner), { tags: false })) {
    if (counted.push(jobOfKey(key)) === most) break
  }
  return counted
}

/**
 * Removes the keys of some jobs that have ended, or never came into being: a process may have crashed before it removed
 * them. The jobs are chosen at random, so that each one is looked at some time. Returns how many were removed.
 */
async function removeStale (store: Store, owner: string | undefined, counted: string[]): Promise<number> {
  const some = counted.map((id) => ({ id, chance: Math.random() }))
    .sort((a, b) => a.chance - b.chance)
    .slice(0, LOOKED_AT)
  const removed = await inBatches(some, async ({ id }): Promise<number> => {
    const found = await readRecord(store, id)
    const isOpen = found === undefined
      ? Date.now() - createdAt(id).getTime() < ABANDONED_MS
      : !isTerminal(found.record.state)
    if (isOpen) return 0
    await removeObject(store, countedKey(owner, id))
    return 1
  })
  return removed.reduce((sum, one) => sum + one, 0)
}
