import { setTimeout as sleep } from 'node:timers/promises'
import { jobEtag } from './job-etag.ts'
import { type FoundRecord, readRecord } from './record-store.ts'
import { jobOfKey, STATE_PREFIX } from '../store/bucket-layout.ts'
import { inBatches, listObjects } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'

/**
 * Resolves with the record when it is no longer the one in `found`, with `undefined` when it was removed, and with
 * `found` when the signal aborts.
 */
export type WatchJob = (found: FoundRecord, signal: AbortSignal) => Promise<FoundRecord | undefined>

interface Waiter extends Pick<PromiseWithResolvers<FoundRecord | undefined>, 'resolve' | 'reject'> {
  etag: string
}

/** The time between two looks at the store. It is the longest time from a change to the answer. */
const PAUSE_MS = 500

/** When a look needs many requests, the next look comes later: a process sends no more requests on average. */
const REQUESTS_PER_SECOND = 30

/**
 * So many jobs are read one by one. For more, a listing of up to 1,000 records tells by their ETags which of them have
 * changed. A listing takes this process as much time as about sixteen reads.
 */
const FEW = 16

/** Watches the jobs for which requests wait. All requests of a process share its looks at the store. */
export function watchJobs (store: Store, pauseMs = PAUSE_MS): WatchJob {
  const waiting = new Map<string, Set<Waiter>>()
  let isLooking = false

  return async function watch (found, signal) {
    const { job_uuid: id } = found.record
    const { promise, resolve, reject } = Promise.withResolvers<FoundRecord | undefined>()
    const waiter = { etag: jobEtag(found.etag), resolve, reject }
    const those = waiting.get(id) ?? new Set()
    waiting.set(id, those.add(waiter))
    const stop = (): void => resolve(found)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    if (!isLooking) {
      keepLooking().catch((error: unknown) => {
        isLooking = false
        for (const id of waiting.keys()) fail(id, error)
      })
    }
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', stop)
      those.delete(waiter)
      if (those.size === 0 && waiting.get(id) === those) waiting.delete(id)
    }
  }

  async function keepLooking (): Promise<void> {
    isLooking = true
    let requests = 0
    while (waiting.size > 0) {
      // Without a reference: the timer must not keep alive a process that stops.
      await sleep(Math.max(pauseMs, requests / REQUESTS_PER_SECOND * 1000), undefined, { ref: false })
      requests = await look()
    }
    isLooking = false
  }

  /** Tells the waiters what has changed. Returns the number of its requests. */
  async function look (): Promise<number> {
    const toRead: string[] = []
    let left = [...waiting.keys()].sort()
    let listings = 0
    while (left.length > FEW) {
      listings++
      const covered = await changedSince(left, toRead)
      left = left.slice(covered)
      // Where many other records lie between them, reading the others one by one costs less.
      if (covered <= FEW) break
    }
    toRead.push(...left)
    await inBatches(toRead, async (id) => {
      await readRecord(store, id).then((found) => tell(id, found), (error: unknown) => fail(id, error))
    })
    return listings + toRead.length
  }

  /**
   * Lists records from the first of the sorted ids on, and adds those that have changed or are gone to `toRead`.
   * Returns how many of the ids the listing covers.
   */
  async function changedSince (ids: string[], toRead: string[]): Promise<number> {
    const after = STATE_PREFIX + ids[0]!
    const { objects, next } = await listObjects(store, { prefix: STATE_PREFIX, after, tags: false })
    const etags = new Map(objects.map(({ key, etag }) => [jobOfKey(key), jobEtag(etag)]))
    const last = objects.at(-1)
    const isCovered = (id: string): boolean => next === undefined || (last !== undefined && id <= jobOfKey(last.key))
    const covered = ids.filter(isCovered)
    toRead.push(...covered.filter((id) => [...waiting.get(id) ?? []].some(({ etag }) => etag !== etags.get(id))))
    return covered.length
  }

  function tell (id: string, found: FoundRecord | undefined): void {
    for (const { etag, resolve } of waiting.get(id) ?? []) {
      if (found === undefined || jobEtag(found.etag) !== etag) resolve(found)
    }
  }

  function fail (id: string, error: unknown): void {
    for (const { reject } of waiting.get(id) ?? []) reject(error)
  }
}
