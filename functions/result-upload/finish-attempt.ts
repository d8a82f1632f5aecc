import { problem } from '../../shared/http/problem.ts'
import { readJournal } from '../../shared/results/journal.ts'
import type { ResultCounts } from '../../shared/job/result-counts.ts'
import { type Manifest, readManifest, writeManifest } from '../../shared/results/manifest.ts'
import type { ResultEntry } from '../../shared/results/result-entry.ts'
import { attemptPrefix } from '../../shared/store/bucket-layout.ts'
import { inBatches, listAll, removeObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import type { Attempt } from './attempt.ts'

/** The most missing contents that one answer names. */
const MOST_MISSING = 1000

/** `missing`: the digests of contents that the journal names and the store does not have. */
export type Finish = { state: 'finished' } | { state: 'missing', sha256: string[] }

/**
 * Takes the uploader's word that it is done, but only after a look at what the store has: every file of the journal
 * must be there with its size. Then it writes the manifest, and removes contents that no file has any more.
 */
export async function finishAttempt (store: Store, place: Attempt, said: ResultCounts): Promise<Finish> {
  const { id, attempt } = place
  const before = await readManifest(store, id, attempt)
  if (before !== undefined) return sameAsBefore(place, before, said)

  const entries = await readJournal(store, id, attempt)
  const journaled = { files: entries.length, bytes: entries.reduce((sum, { size }) => sum + size, 0) }
  if (journaled.files !== said.files || journaled.bytes !== said.bytes) {
    throw problem('upload-refused', `The journal has ${inWords(journaled)}, the uploader says ${inWords(said)}`, {
      job_uuid: id
    })
  }
  const { missing, strays } = await compare(store, place, entries)
  if (missing.length > 0) return { state: 'missing', sha256: missing.slice(0, MOST_MISSING) }
  await writeManifest(store, id, attempt, { ...said, at: new Date().toISOString() }, entries)
  await inBatches(strays, async (key) => await removeObject(store, key))
  return { state: 'finished' }
}

/** The answer to the first request may have been lost. */
function sameAsBefore ({ id }: Attempt, before: Manifest, said: ResultCounts): Finish {
  if (before.files === said.files && before.bytes === said.bytes && before.complete === said.complete) {
    return { state: 'finished' }
  }
  throw problem('upload-refused', `The uploader has said before that it is done, with ${inWords(before)}`, {
    job_uuid: id
  })
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
