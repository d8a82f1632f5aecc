import { isJobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { hideRecord, readRecord } from '../../../shared/job/record-store.ts'
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
  getObject,
  headObject,
  inBatches,
  listAll,
  listObjects,
  removeObject
} from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { abortUploads } from '../../../shared/store/unfinished-uploads.ts'
import { deleteJob, type Deps } from '../start/start-job.ts'

/** What one ping does at most; the next one goes on. */
export interface Bounds {
  objects: number
  seconds: number
}

/** The Triggers give a ping 50 s, of which the open jobs need some. */
export const ONE_PING: Bounds = { objects: 1000, seconds: 20 }

type Place = Pick<Deps, 'store' | 'cluster'>

/**
 * Removes the jobs whose retention is over, the longest overdue first. It looks at the keys that are due, never at all
 * jobs that there are. What is cut off, at any line, the next ping does: the key that led to a job goes last.
 */
export async function removeExpired (
  place: Place,
  report: (id: string, outcome: 'removed' | Error) => void,
  bounds: Bounds = ONE_PING
): Promise<void> {
  const until = Date.now() + bounds.seconds * 1000
  let left = bounds.objects
  for await (const key of dueKeys(place.store, new Date())) {
    const id = jobOfKey(key)
    try {
      // It says what is to be deleted.
      if (!isJobId(id)) throw new Error(`no key of ours: ${key}`)
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
    const { record, etag } = found
    // Kept longer since; or whoever put the key was cut off before the record said so, at least an hour ago: it was put
    // that long ahead.
    if (record.expires_at === undefined || new Date(record.expires_at) > new Date()) {
      await removeObject(store, due)
      return nothing
    }
    // The Job goes a ping earlier: of its end there are events, and they should still find a record.
    if (await deleteJob(cluster, id) === 'ending') return nothing
    // Something is still owed, and the record says what.
    if (await headObject(store, markerKey(id)) !== undefined) return nothing
    await releaseKey(store, record)
    if (!await hideRecord(store, id, etag)) return nothing
  }
  await abortUploads(store, id)
  let left = most
  for (const prefix of [resultsPrefix(id), uploadsPrefix(id)]) {
    while (true) {
      if (left === 0) return { objects: most, isGone: false }
      const { objects, next } = await listObjects(store, { prefix, limit: Math.min(left, 1000), tags: false })
      await inBatches(objects, async ({ key }) => await removeObject(store, key))
      left -= objects.length
      if (next === undefined) break
    }
  }
  for (const key of [logKey(id), stateKey(id), due]) await removeObject(store, key)
  return { objects: most - left, isGone: true }
}

/** Before the record is hidden: a key that leads to a job that is no more could not be used again. */
async function releaseKey (store: Store, { job_uuid: id, idempotency: key }: JobRecord): Promise<void> {
  const found = key === undefined ? undefined : await getObject(store, key)
  if (key === undefined || found === undefined) return
  const { job_uuid: owner } = JSON.parse(found.body.toString()) as { job_uuid: string }
  // It may have been given up, and taken by another job since.
  if (owner === id) await removeObject(store, key)
}
