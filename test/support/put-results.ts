import { createHash } from 'node:crypto'
import type { ResultCounts } from '../../shared/job/result-counts.ts'
import { writeJournal } from '../../shared/results/journal.ts'
import { writeManifest } from '../../shared/results/manifest.ts'
import { byName, type ResultEntry } from '../../shared/results/result-entry.ts'
import { contentKey } from '../../shared/store/bucket-layout.ts'
import { putObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

export interface Place {
  id: string
  attempt: string
}

/** Stores contents as the uploader of an attempt does. Returns the entries of their names, in order. */
export async function putContents (
  store: Store,
  { id, attempt }: Place,
  files: Record<string, Buffer | string>
): Promise<ResultEntry[]> {
  const entries = await Promise.all(Object.entries(files).map(async ([name, content]) => {
    const bytes = Buffer.from(content)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await putObject(store, contentKey(id, attempt, sha256), bytes, {}, 'unconditional', 'application/octet-stream')
    return { name, size: bytes.length, sha256 }
  }))
  return entries.sort(byName)
}

/** Stores result files of a job that still runs: they are in the journal. */
export async function putFirstResults (
  store: Store,
  { id, attempt }: Place,
  files: Record<string, Buffer | string>
): Promise<void> {
  const entries = await putContents(store, { id, attempt }, files)
  await writeJournal(store, id, attempt, { ...countOf(entries), page: 0, entries })
}

/** Stores all result files of an attempt, and its manifest. */
export async function putResults (
  store: Store,
  { id, attempt }: Place,
  files: Record<string, Buffer | string>,
  counts: Partial<ResultCounts> = {}
): Promise<void> {
  const entries = await putContents(store, { id, attempt }, files)
  await writeManifest(store, id, attempt, {
    ...countOf(entries),
    complete: true,
    left_out: [],
    left_out_count: 0,
    at: new Date().toISOString(),
    ...counts
  }, entries)
}

function countOf (entries: ResultEntry[]): { files: number, bytes: number } {
  return { files: entries.length, bytes: entries.reduce((sum, { size }) => sum + size, 0) }
}
