import { atMost } from '../flow/at-most.ts'
import { journalKey, journalPageKey } from '../store/bucket-layout.ts'
import { getJson, putJson } from '../store/json-object.ts'
import type { Store } from '../store/open-store.ts'
import { JOURNAL_PAGE, type JournalEntry } from './journal-entry.ts'
import { byName, type ResultEntry } from './result-entry.ts'

/** What an uploader has stored so far: callers see the first results while the job runs, or when it ends badly. */
export interface Journal {
  /** Files that are stored, and their bytes. */
  files: number
  bytes: number
  /** How many full pages come before the entries. */
  page: number
  entries: JournalEntry[]
}

/** Writes the newest page. A full one stays as it is, and the head is empty after it. */
export async function writeJournal (
  store: Store,
  id: string,
  attempt: string,
  { page, entries, ...counts }: Journal
): Promise<void> {
  const isFull = entries.length >= JOURNAL_PAGE
  if (isFull) await putJson(store, journalPageKey(id, attempt, page), entries)
  const head: Journal = isFull ? { ...counts, page: page + 1, entries: [] } : { ...counts, page, entries }
  await putJson(store, journalKey(id, attempt), head)
}

/** The head alone: enough for the counts. */
export async function readJournalHead (store: Store, id: string, attempt: string): Promise<Journal | undefined> {
  return await getJson<Journal>(store, journalKey(id, attempt))
}

/** All files that are stored so far, in order. */
export async function readJournal (store: Store, id: string, attempt: string): Promise<ResultEntry[]> {
  const head = await readJournalHead(store, id, attempt)
  if (head === undefined) return []
  const inFlight = atMost(16)
  const pages = await Promise.all(Array.from({ length: head.page }, (_, page) =>
    inFlight(async () => await readPage(store, journalPageKey(id, attempt, page)))))
  return mergeJournal([...pages.flat(), ...head.entries])
}

async function readPage (store: Store, key: string): Promise<JournalEntry[]> {
  const found = await getJson<JournalEntry[]>(store, key)
  // A page is put before the head that counts it: the job was removed meanwhile, or another program removed the page.
  if (found === undefined) throw new Error(`a page of the journal is gone: ${key}`)
  return found
}

/** The files that a journal leaves, in order. */
export function mergeJournal (entries: JournalEntry[]): ResultEntry[] {
  const files = new Map<string, ResultEntry>()
  for (const entry of entries) {
    if ('gone' in entry) files.delete(entry.name)
    else files.set(entry.name, entry)
  }
  return [...files.values()].sort(byName)
}
