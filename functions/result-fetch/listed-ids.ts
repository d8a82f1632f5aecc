import { isJobId, justAfter } from '../../shared/job/job-id.ts'
import { isTerminal, type State } from '../../shared/job/job-state.ts'
import { ALL_JOBS } from '../../shared/job/lists/listed-until.ts'
import {
  ANY_STATE,
  jobOfKey,
  MARKER_PREFIX,
  ownerListPrefix,
  stateListPrefix
} from '../../shared/store/bucket-layout.ts'
import { listObjects } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/**
 * The prefixes below each of which every job of a query has a key. There are none if no list helps. The open jobs of an
 * owner have no list of their own: they have a marker, and are among the owner's jobs.
 */
export function listsFor ({ owner, state }: { owner?: string | undefined, state?: State | undefined }): string[] {
  if (state !== undefined && isTerminal(state)) {
    return [owner === undefined ? stateListPrefix(state) : ownerListPrefix(owner, state)]
  }
  const lists = owner === undefined ? [] : [ownerListPrefix(owner, ANY_STATE)]
  return state === undefined ? lists : [MARKER_PREFIX, ...lists]
}

/** The ids after `cursor`, in order, that have a key below all prefixes, which are one or two. */
export async function * listedIds (
  store: Store,
  [one, other]: string[],
  { cursor, limit }: { cursor: string | undefined, limit: number }
): AsyncGenerator<string> {
  // To find what two lists have in common, much of both may have to be passed over.
  const pageSize = other === undefined ? Math.min(limit, 1000) : 1000
  const inOne = idsBelow(store, one!, pageSize)
  const inOther = other === undefined ? async (id: string) => id : idsBelow(store, other, pageSize)
  let id = await inOne(cursor === undefined ? '' : justAfter(cursor))
  while (id !== undefined) {
    const same = await inOther(id)
    if (same === id) yield id
    id = same && await inOne(same === id ? justAfter(id) : same)
  }
}

/** Finds the first id from a given one on that has a key below a prefix. The given ids must be in order. */
function idsBelow (store: Store, prefix: string, limit: number): (from: string) => Promise<string | undefined> {
  let page: string[] = []
  /** Up to here, `page` has all ids that are left. */
  let end: string | undefined

  return async function idFrom (from) {
    if (end === undefined || from > end) [page, end] = await pageFrom(from)
    while (page[0] !== undefined && page[0] < from) page.shift()
    return page[0]
  }

  async function pageFrom (from: string): Promise<[string[], string]> {
    // A listing begins after a key. No other id lies between one and the same without its last character.
    const after = from === '' ? undefined : prefix + from.slice(0, -1)
    let cursor: string | undefined
    while (true) {
      const { objects, next: more } = await listObjects(store, { prefix, after, cursor, limit, tags: false })
      const ids = objects.map(({ key }) => jobOfKey(key)).filter(isJobId)
      if (more === undefined) return [ids, ALL_JOBS]
      // A page may be empty and not the last one.
      if (ids.length > 0) return [ids, ids.at(-1)!]
      cursor = more
    }
  }
}
