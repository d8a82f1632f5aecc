import { problem, type ProblemError } from '../../shared/http/problem.ts'
import { readJournal } from '../../shared/results/journal.ts'
import type { ResultCounts } from '../../shared/job/result-counts.ts'
import { listDigest } from '../../shared/results/list-digest.ts'
import { allEntries, readManifest, writeManifest } from '../../shared/results/manifest.ts'
import type { ResultEntry } from '../../shared/results/result-entry.ts'
import { attemptPrefix } from '../../shared/store/bucket-layout.ts'
import { inBatches, listAll, removeObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import type { Attempt } from './attempt.ts'

/** What an uploader says at its end. The digest tells its list of files from any other. */
type Said = ResultCounts & { list_sha256: string }

/** The most missing contents that one answer names. */
const MOST_MISSING = 1000

/** `missing`: the digests of contents that the journal names and the store does not have. */
export type Finish = { state: 'finished' } | { state: 'missing', sha256: string[] }

/**
 * Takes the uploader's word that it is done, but only after a look at what the store has: the journal must be the list
 * of the uploader, because an old page may have come late and replaced a newer one; and every file of it must be there
 * with its size. Then it writes the manifest, and removes contents that no file has any more.
 */
export async function finishAttempt (store: Store, place: Attempt, said: Said): Promise<Finish> {
  const { id, attempt } = place
  const before = await readManifest(store, id, attempt)
  if (before !== undefined) {
    // The answer to the first request may have been lost.
    const entries = await Array.fromAsync(allEntries(store, place, before))
    if (before.complete === said.complete && isListOf(entries, said)) return { state: 'finished' }
    throw refused(place, `The uploader has said before that it is done, with ${inWords(before)}`)
  }

  const entries = await readJournal(store, id, attempt)
  if (!isListOf(entries, said)) {
    const journaled = inWords({ files: entries.length, bytes: bytesOf(entries) })
    throw refused(place, `The journal has ${journaled}, and is not the list of the uploader, ${inWords(said)}`)
  }
  const { missing, strays } = await compare(store, place, entries)
  if (missing.length > 0) return { state: 'missing', sha256: missing.slice(0, MOST_MISSING) }
  const { list_sha256: _, ...counts } = said
  await writeManifest(store, id, attempt, { ...counts, at: new Date().toISOString() }, entries)
  await inBatches(strays, async (key) => await removeObject(store, key))
  return { state: 'finished' }
}

function isListOf (entries: ResultEntry[], { files, bytes, list_sha256: digest }: Said): boolean {
  return entries.length === files && bytesOf(entries) === bytes && listDigest(entries) === digest
}

function bytesOf (entries: ResultEntry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

function refused ({ id }: Attempt, detail: string): ProblemError {
  return problem('upload-refused', detail, { job_uuid: id })
}

async function compare (
  store: Store,
  { id, attempt }: Attempt,
  entries: ResultEntry[]
): Promise<{ missing: string[], strays: string[] }> {
  const wanted = new Map(entries.map(({ sha256, size }) => [sha256, size]))
  const strays: string[] = []
  const prefix = attemptPrefix(id, attempt)
  for await (const { key, size } of listAll(store, prefix, { tags: false })) {
    const sha256 = key.slice(prefix.length)
    if (wanted.get(sha256) === size) wanted.delete(sha256)
    else strays.push(key)
  }
  return { missing: [...wanted.keys()], strays }
}

function inWords ({ files, bytes }: { files: number, bytes: number }): string {
  return `${files} files with ${bytes} bytes`
}
