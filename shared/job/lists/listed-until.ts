import { LISTED_UNTIL_KEY } from '../../store/bucket-layout.ts'
import { getJson, putJson } from '../../store/json-object.ts'
import type { Store } from '../../store/open-store.ts'

/**
 * How far the lists reach: they name every job whose id sorts up to `until`, so the newest ones. Jobs that an earlier
 * version of this project made were in no list.
 */
interface ListedUntil {
  until: string
}

/** After every id: the lists reach all jobs. */
export const ALL_JOBS = 'z'

/** It only ever grows, so an old value is not wrong. */
const REMEMBERED_MS = 60_000
const remembered = new WeakMap<Store, { until: string, at: number }>()

/** Before every id if no ping has noted it yet. */
export async function readListedUntil (store: Store): Promise<string> {
  const known = remembered.get(store)
  if (known !== undefined && (known.until === ALL_JOBS || Date.now() - known.at < REMEMBERED_MS)) return known.until
  const { until = '' } = await getJson<ListedUntil>(store, LISTED_UNTIL_KEY) ?? {}
  if (until !== '') remembered.set(store, { until, at: Date.now() })
  return until
}

export async function writeListedUntil (store: Store, until: string): Promise<void> {
  await putJson(store, LISTED_UNTIL_KEY, { until } satisfies ListedUntil)
  remembered.set(store, { until, at: Date.now() })
}
