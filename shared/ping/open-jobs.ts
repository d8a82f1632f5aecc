import { createHash } from 'node:crypto'
import { jobOfKey, MARKER_PREFIX } from '../store/bucket-layout.ts'
import { listObjects } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'

/** A job that has a marker, as the list of markers shows it. */
export interface OpenJob {
  id: string
  /** Only callbacks are left. */
  isWrappedUp: boolean
  /** Differs after every write of the marker. */
  marker: string
  /**
   * Whether the marker was written a moment ago. A change of the record that a ping must see is announced by a write of
   * the marker (advance-noticed.ts), and may follow a little later.
   */
  isFresh: boolean
}

/** Longer than a request takes from the write of the marker to that of the record, tries included. */
const FRESH_MS = 2 * 60_000

/** All jobs that have a marker, the newest first. The time is that of the store, so no two clocks are compared. */
export async function listOpenJobs (store: Store): Promise<OpenJob[]> {
  const open: OpenJob[] = []
  let cursor: string | undefined
  do {
    const { objects, next, at } = await listObjects(store, { prefix: MARKER_PREFIX, cursor, tags: false })
    for (const { key, size, etag, lastModified } of objects) {
      const age = at.getTime() - Date.parse(lastModified)
      // An age that is not a number is that of a store that does not tell it.
      open.push({ id: jobOfKey(key), isWrappedUp: size > 0, marker: etag + lastModified, isFresh: !(age > FRESH_MS) })
    }
    cursor = next
  } while (cursor !== undefined)
  return open
}

/** What a job looks like, in a form that is short to keep: 96 bits are enough to tell it from what it was before. */
export function looksOf (...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16)
}
