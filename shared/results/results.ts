import { Mime } from 'mime/lite'
import { Type, type Static } from 'typebox'
import standardTypes from 'mime/types/standard.js'
import type { JobRecord } from '../job/job-record.ts'
import { contentKey } from '../store/bucket-layout.ts'
import type { Store } from '../store/open-store.ts'
import { readJournal, readJournalHead } from './journal.ts'
import type { LeftOut } from '../job/left-out.ts'
import type { ResultCounts } from '../job/result-counts.ts'
import { allEntries, entriesAfter, entryOf, readManifest } from './manifest.ts'
import { LARGEST_PUT } from './part-size.ts'
import { byName, type ResultEntry } from './result-entry.ts'

export const ResultFile = Type.Object({
  name: Type.String(),
  size: Type.Integer({ description: 'Bytes' }),
  sha256: Type.String({ description: 'Of the bytes, lower-case hex; the uploader computed it' }),
  sha256_checked: Type.Union([Type.Literal('whole'), Type.Literal('parts')], {
    description: 'What the store has compared with a sha256 at the upload: the whole file with this one, or, of a file ' +
      'that came in parts, each part with its own'
  }),
  content_type: Type.String()
}, { title: 'ResultFile' })
export type ResultFile = Static<typeof ResultFile>

/** Made for the first file: few starts are for one. */
let mime: Mime | undefined

function typeOf (name: string): string {
  mime ??= new Mime(standardTypes, { 'application/x-mcap': ['mcap'] })
  return mime.getType(name) ?? 'application/octet-stream'
}

function fileOf ({ name, size, sha256 }: ResultEntry): ResultFile {
  return {
    name,
    size,
    sha256,
    sha256_checked: size <= LARGEST_PUT ? 'whole' : 'parts',
    content_type: typeOf(name)
  }
}

export interface ResultPage {
  files: ResultFile[]
  more: boolean
  left_out: LeftOut[]
  left_out_count: number
}

/**
 * A page of a job's result files in the order of their names: those of the attempt that counts, as the manifest has
 * them, or, as long as there is none, those that are stored so far.
 */
export async function listResults (
  store: Store,
  { job_uuid: id, attempt }: JobRecord,
  { after, limit }: { after?: string | undefined, limit: number }
): Promise<ResultPage> {
  if (attempt === undefined) return { files: [], more: false, left_out: [], left_out_count: 0 }
  const manifest = await readManifest(store, id, attempt)
  const { left_out: leftOut = [], left_out_count: count = 0 } = manifest ?? {}
  const { entries, more } = manifest === undefined
    ? firstOf(await readJournal(store, id, attempt), after, limit)
    : await entriesAfter(store, { id, attempt }, manifest, { after, limit })
  return { files: entries.map(fileOf), more, left_out: leftOut, left_out_count: count }
}

function firstOf (
  entries: ResultEntry[],
  after: string | undefined,
  limit: number
): { entries: ResultEntry[], more: boolean } {
  const left = after === undefined ? entries : entries.filter((entry) => byName(entry, { name: after }) > 0)
  return { entries: left.slice(0, limit), more: left.length > limit }
}

export type StoredResult = ResultFile & {
  /** Of its bytes. */
  key: string
  /** When the results were complete; `undefined` while they are not. */
  at: string | undefined
}

/** One result file of the attempt that counts, or `undefined`. */
export async function findResult (
  store: Store,
  { job_uuid: id, attempt }: JobRecord,
  name: string
): Promise<StoredResult | undefined> {
  if (attempt === undefined) return undefined
  const manifest = await readManifest(store, id, attempt)
  const entry = manifest === undefined
    ? (await readJournal(store, id, attempt)).find((one) => one.name === name)
    : await entryOf(store, { id, attempt }, manifest, name)
  return entry && { ...fileOf(entry), key: contentKey(id, attempt, entry.sha256), at: manifest?.at }
}

/**
 * All result files of the attempt that counts, in the order of their names. Returns a function that begins again with
 * the same files each time: the journal is read once, and a manifest never changes.
 */
export async function resultsOf (
  store: Store,
  { job_uuid: id, attempt }: JobRecord
): Promise<() => AsyncGenerator<StoredResult>> {
  const manifest = attempt === undefined ? undefined : await readManifest(store, id, attempt)
  const journal = attempt === undefined || manifest !== undefined ? [] : await readJournal(store, id, attempt)
  return async function * () {
    if (attempt === undefined) return
    for await (const entry of manifest === undefined ? journal : allEntries(store, { id, attempt }, manifest)) {
      yield { ...fileOf(entry), key: contentKey(id, attempt, entry.sha256), at: manifest?.at }
    }
  }
}

/** How many results of an attempt are stored, and what is left out; `undefined` when nothing is known of it. */
export async function countResults (store: Store, id: string, attempt: string): Promise<ResultCounts | undefined> {
  const manifest = await readManifest(store, id, attempt)
  if (manifest !== undefined) {
    const { at, pages, entries, ...counts } = manifest
    return counts
  }
  const head = await readJournalHead(store, id, attempt)
  return head && { files: head.files, bytes: head.bytes, complete: false, left_out: [], left_out_count: 0 }
}
