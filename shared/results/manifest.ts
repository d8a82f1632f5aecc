import { manifestKey, manifestPageKey } from '../store/bucket-layout.ts'
import { atMost } from '../flow/at-most.ts'
import { getJson, putJson } from '../store/json-object.ts'
import type { Store } from '../store/open-store.ts'
import { byName, type ResultEntry } from './result-entry.ts'
import type { ResultCounts } from '../job/result-counts.ts'

/**
 * All files of an attempt, in order, and those that are left out. `result-upload` writes it once, when the uploader has
 * said that it is done and the store has all of them. After that the results of the attempt never change.
 */
export interface Manifest extends ResultCounts {
  /** When it was written. */
  at: string
  /** The first name of every page. */
  pages: string[]
  /** The first page. */
  entries: ResultEntry[]
}

/** Files a page: a manifest of them has some 150 kB. */
const PAGE = 1000

/** Writes the manifest last, so that its readers find its pages. `entries` are in order. */
export async function writeManifest (
  store: Store,
  id: string,
  attempt: string,
  manifest: ResultCounts & { at: string },
  entries: ResultEntry[]
): Promise<void> {
  const pages = []
  for (let from = 0; from < entries.length; from += PAGE) pages.push(entries.slice(from, from + PAGE))
  const inFlight = atMost(16)
  await Promise.all(pages.slice(1).map((page, at) => inFlight(async () => {
    await putJson(store, manifestPageKey(id, attempt, at + 1), page)
  })))
  await putJson(store, manifestKey(id, attempt), {
    ...manifest,
    pages: pages.map(([first]) => first!.name),
    entries: pages[0] ?? []
  } satisfies Manifest)
}

export async function readManifest (store: Store, id: string, attempt: string): Promise<Manifest | undefined> {
  return await getJson<Manifest>(store, manifestKey(id, attempt))
}

/** The files that come after a name, at most so many, and whether there are more. */
export async function entriesAfter (
  store: Store,
  { id, attempt }: { id: string, attempt: string },
  manifest: Manifest,
  { after, limit }: { after?: string | undefined, limit: number }
): Promise<{ entries: ResultEntry[], more: boolean }> {
  const found: ResultEntry[] = []
  for (let page = after === undefined ? 0 : pageOf(manifest, after); page < manifest.pages.length; page++) {
    for (const entry of await pageAt(store, id, attempt, manifest, page)) {
      if (after !== undefined && byName(entry, { name: after }) <= 0) continue
      if (found.length === limit) return { entries: found, more: true }
      found.push(entry)
    }
  }
  return { entries: found, more: false }
}

/** All files, in order. */
export async function * allEntries (
  store: Store,
  { id, attempt }: { id: string, attempt: string },
  manifest: Manifest
): AsyncGenerator<ResultEntry> {
  for (let page = 0; page < manifest.pages.length; page++) yield * await pageAt(store, id, attempt, manifest, page)
}

/** The file of a name, or `undefined`. */
export async function entryOf (
  store: Store,
  { id, attempt }: { id: string, attempt: string },
  manifest: Manifest,
  name: string
): Promise<ResultEntry | undefined> {
  const page = await pageAt(store, id, attempt, manifest, pageOf(manifest, name))
  return page.find((entry) => entry.name === name)
}

/** The page that a name is on, if it is on any. */
function pageOf ({ pages }: Manifest, name: string): number {
  return Math.max(0, pages.findLastIndex((first) => byName({ name: first }, { name }) <= 0))
}

async function pageAt (
  store: Store,
  id: string,
  attempt: string,
  { entries }: Manifest,
  page: number
): Promise<ResultEntry[]> {
  if (page === 0) return entries
  const found = await getJson<ResultEntry[]>(store, manifestPageKey(id, attempt, page))
  // The job was removed meanwhile, or another program removed the page.
  if (found === undefined) throw new Error(`a page of the manifest is gone: ${manifestPageKey(id, attempt, page)}`)
  return found
}
