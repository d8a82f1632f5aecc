import { createdAt, idsBefore, isJobId, justAfter } from '../../../shared/job/job-id.ts'
import { putIntoLists } from '../../../shared/job/lists/job-lists.ts'
import type { State } from '../../../shared/job/job-state.ts'
import { ALL_JOBS, readListedUntil, writeListedUntil } from '../../../shared/job/lists/listed-until.ts'
import { jobOfKey, STATE_PREFIX } from '../../../shared/store/bucket-layout.ts'
import { inBatches, listObjects } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** After an upgrade, functions of the version before may still take requests and events for some minutes. */
const SIDE_BY_SIDE_MS = 10 * 60_000

/** Two or three requests each: a few seconds of a ping. */
const JOBS_PER_PING = 500

/**
 * Puts the jobs of earlier versions into the lists, newest first, some at each ping. When all are there, a process
 * learns it once, and then a ping needs no request.
 */
export async function extendLists (store: Store, now = new Date(), jobs = JOBS_PER_PING): Promise<void> {
  const until = await readListedUntil(store)
  if (until === ALL_JOBS) return
  if (until === '') await writeListedUntil(store, idsBefore(new Date(now.getTime() + SIDE_BY_SIDE_MS)))
  else if (createdAt(until) <= now) await writeListedUntil(store, await listOlder(store, until, jobs))
}

/** Returns how far the lists reach afterwards. */
async function listOlder (store: Store, until: string, limit: number): Promise<string> {
  const { objects, next } = await listObjects(store, {
    prefix: STATE_PREFIX,
    after: STATE_PREFIX + until,
    limit,
    tags: true
  })
  await inBatches(objects, async ({ key, tags: { state, owner } }) => {
    const id = jobOfKey(key)
    // An object without a state is no record, or stands in for one that is being removed.
    if (!isJobId(id) || state === undefined) return
    await putIntoLists(store, { job_uuid: id, state: state as State, ...(owner !== undefined && { owner }) })
  })
  if (next === undefined) return ALL_JOBS
  const last = objects.map(({ key }) => jobOfKey(key)).findLast(isJobId)
  return last === undefined ? until : justAfter(last)
}
