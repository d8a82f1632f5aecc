import { isJobId } from '../../../shared/job/job-id.ts'
import { listKeysOf } from '../../../shared/job/lists/job-lists.ts'
import { hideRecord, readHidden, readRecord } from '../../../shared/job/record-store.ts'
import {
  EXPIRY_PREFIX,
  expiryKey,
  jobOfKey,
  logKey,
  markerKey,
  resultsPrefix,
  stateKey,
  uploadsPrefix
} from '../../../shared/store/bucket-layout.ts'
import {
  headObject,
  inBatches,
  listAll,
  listObjects,
  removeObject
} from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { abortUploads } from '../../../shared/store/unfinished-uploads.ts'
import { deleteJob } from '../start/delete-job.ts'
import { releaseClaim } from '../start/job-claim.ts'
import type { Deps } from '../start/start-job.ts'

/** The limits of one ping. The next ping continues. */
export interface Bounds {
  objects: number
  seconds: number
}

/** The Triggers give a ping 50 s, and the open jobs need a part of that. */
export const ONE_PING: Bounds = { objects: 1000, seconds: 20 }

type Place = Pick<Deps, 'store' | 'cluster'>

/**
 * Removes the jobs whose retention is over, the longest overdue first, except those that are `owing` a callback,
 * because they need their records. It lists only the expiry keys that are due, never all jobs. The expiry key of a job
 * is removed last, so after a crash at any line the next ping continues.
 */
export async function removeExpired (
  place: Place,
  report: (id: string, outcome: 'removed' | Error) => void,
  owing: ReadonlySet<string>,
  bounds: Bounds = ONE_PING
): Promise<void> {
  const until = Date.now() + bounds.seconds * 1000
  let left = bounds.objects
  for await (const key of dueKeys(place.store, new Date())) {
    const id = jobOfKey(key)
    // It costs no request, so that such jobs, of any number, do not keep the others from being removed.
    if (owing.has(id)) continue
    try {
      // The id is the prefix of the objects to delete, so it must be valid.
      if (!isJobId(id)) throw new Error(`the key ${key} has no valid job id; remove the object by hand`)
      const { objects, isGone } = await removeJob(place, id, key, left)
      left -= objects
      if (isGone) report(id, 'removed')
    } catch (error) {
      report(id, error as Error)
    }
    if (left <= 0 || Date.now() > until) return
  }
}

async function * dueKeys (store: Store, now: Date): AsyncGenerator<string> {
  const end = expiryKey(now.toISOString(), '')
  for await (const { key } of listAll(store, EXPIRY_PREFIX, { tags: false })) {
    if (key >= end) return
    yield key
  }
}

interface Removal {
  objects: number
  isGone: boolean
}
const nothing: Removal = { objects: 0, isGone: false }

async function removeJob (
  { store, cluster }: Place,
  id: string,
  due: string,
  most: number
): Promise<Removal> {
  const found = await readRecord(store, id)
  if (found !== undefined) {
    const { record } = found
    // The job has a later expiry time now, or the process that put the key crashed before it wrote the record. That was
    // at least an hour ago, because a new expiry time is at least an hour in the future.
    if (record.expires_at === undefined || new Date(record.expires_at) > new Date()) {
      await removeObject(store, due)
      return nothing
    }
    // Delete the Job one ping earlier. Its deletion causes events, and they should still find the record.
    if (await deleteJob(cluster, id) === 'ending') return nothing
    // Work is left for the job. Its log may be readable no more now that its Job is gone, so that this ends.
    if (await headObject(store, markerKey(id)) !== undefined) return nothing
    if (!await hideRecord(store, found)) return nothing
  }
  // After the record is hidden: as long as the job is known, its key must give it.
  const hidden = await readHidden(store, id)
  await releaseClaim(store, hidden?.idempotency, id)
  await abortUploads(store, id)
  let left = most
  for (const prefix of [resultsPrefix(id), uploadsPrefix(id)]) {
    let cursor: string | undefined
    while (true) {
      if (left === 0) return { objects: most, isGone: false }
      const { objects, next } = await listObjects(store, { prefix, cursor, limit: Math.min(left, 1000), tags: false })
      await inBatches(objects, async ({ key }) => await removeObject(store, key))
      left -= objects.length
      if (next === undefined) break
      // After a removal the list begins anew. A page may be empty and not the last one.
      cursor = objects.length === 0 ? next : undefined
    }
  }
  const lists = hidden === undefined ? [] : listKeysOf(hidden)
  for (const key of [...lists, logKey(id), stateKey(id), due]) await removeObject(store, key)
  return { objects: most - left, isGone: true }
}
