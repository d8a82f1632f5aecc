import { createHash, randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { extract } from 'tar-stream'
import t, { type Test } from 'tap'
import { archiveResults } from '../../../shared/results/archive/archive-results.ts'
import { JOURNAL_PAGE } from '../../../shared/results/journal-entry.ts'
import { writeJournal } from '../../../shared/results/journal.ts'
import { writeManifest } from '../../../shared/results/manifest.ts'
import { LARGEST_PUT } from '../../../shared/results/part-size.ts'
import { countResults, findResult, listResults, type ResultFile, resultsOf } from '../../../shared/results/results.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { contentKey, journalPageKey, manifestPageKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, putObject, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { allOf } from '../../support/all-of.ts'
import { newRecord } from '../../support/new-record.ts'
import { putContents, putFirstResults, putResults } from '../../support/put-results.ts'
import { testStore } from '../../support/store.ts'

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

async function job (t: Test) {
  const store = await testStore(t)
  const attempt = randomUUID()
  const record = newRecord({ state: 'succeeded', attempt, finished_at: '2026-05-05T05:05:05.000Z' })
  return { store, record, place: { id: record.job_uuid, attempt } }
}

/** All pages of a list. */
async function listed (store: Store, record: JobRecord, limit: number): Promise<ResultFile[]> {
  const files: ResultFile[] = []
  let after: string | undefined
  for (let more = true; more;) {
    const page = await listResults(store, record, { after, limit })
    files.push(...page.files)
    after = page.files.at(-1)?.name
    more = page.more
  }
  return files
}

/** The files in a whole archive, in its order. */
async function unpack (archive: Readable): Promise<{ name: string, bytes: Buffer, mtime: Date | undefined }[]> {
  const files: { name: string, bytes: Buffer, mtime: Date | undefined }[] = []
  for await (const entry of archive.pipe(extract())) {
    files.push({ name: entry.header.name, bytes: await buffer(entry), mtime: entry.header.mtime })
  }
  return files
}

const odd: Record<string, Buffer | string> = {
  'a/b': 'below a',
  'a!b': 'beside a',
  'a.txt': 'beside a, too',
  'a-b/c': '',
  [`${'long/'.repeat(60)}end`]: 'more than the 100 bytes of a tar header',
  'Übung/größe 🚗.bin': Buffer.from([0, 255, 13, 10]),
  '\uffee': 'one',
  '🚗': 'two',
  'X.versions/a': 'SeaweedFS would never list such a key',
  '.zgroup': '{}',
  same: 'the same bytes',
  'same again': 'the same bytes'
}
const bytesOf = (name: string): Buffer => Buffer.from(odd[name] ?? 'not a file')
const oddInOrder = Object.keys(odd).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

for (const [when, put] of [['a job that has ended', putResults], ['a job that still runs', putFirstResults]] as const) {
  await t.test(`list, files and archive of ${when} have the same files in the same order`, async (t) => {
    const { store, record, place } = await job(t)
    await put(store, place, odd)
    for (const limit of [1, 5, 100]) {
      const files = await listed(store, record, limit)
      t.strictSame(files.map(({ name }) => name), oddInOrder)
      for (const { name, size, sha256: digest, sha256_checked: checked } of files) {
        const bytes = bytesOf(name)
        t.strictSame({ size, digest, checked }, { size: bytes.length, digest: sha256(bytes), checked: 'whole' }, name)
      }
    }
    t.strictSame((await allOf((await resultsOf(store, record))())).map(({ name }) => name), oddInOrder)
    for (const name of oddInOrder) {
      const found = (await findResult(store, record, name))!
      t.ok((await getObject(store, found.key))?.body.equals(bytesOf(name)), name)
      t.equal(found.at === undefined, put === putFirstResults)
    }
    for (const name of ['a', 'a/', 'A', 'nothing']) t.equal(await findResult(store, record, name), undefined)

    const archive = await unpack((await archiveResults(store, record)).bytes())
    t.strictSame(archive.map(({ name }) => name), oddInOrder)
    for (const { name, bytes, mtime } of archive) {
      t.ok(bytes.equals(bytesOf(name)), name)
      t.strictSame(mtime, new Date(record.finished_at!))
    }
  })
}

await t.test('the list tells the type of a file, and what the store has checked of its sha256', async (t) => {
  const { store, record, place } = await job(t)
  const entries = [
    { name: 'a.json', size: 1, sha256: sha256('a') },
    { name: 'b.mcap', size: LARGEST_PUT, sha256: sha256('b') },
    { name: 'c', size: LARGEST_PUT + 1, sha256: sha256('c') }
  ]
  await writeJournal(store, place.id, place.attempt, { page: 0, files: 3, bytes: 9, entries })
  const files = await listed(store, record, 10)
  t.strictSame(files.map(({ name, content_type: type, sha256_checked: checked }) => [name, type, checked]), [
    ['a.json', 'application/json', 'whole'],
    ['b.mcap', 'application/x-mcap', 'whole'],
    ['c', 'application/octet-stream', 'parts']
  ])
})

await t.test('what is left out and the counts come from the manifest, and from the journal before', async (t) => {
  const { store, record, place } = await job(t)
  t.equal(await countResults(store, place.id, place.attempt), undefined)
  await putFirstResults(store, place, { a: '1', b: '23' })
  const nothing = { left_out: [], left_out_count: 0 }
  t.strictSame(await countResults(store, place.id, place.attempt), { files: 2, bytes: 3, complete: false, ...nothing })
  t.match(await listResults(store, record, { limit: 5 }), { more: false, ...nothing })

  const leftOut = { left_out: [{ name: 'socket', reason: 'is a socket' }], left_out_count: 1001 }
  await putResults(store, place, { a: '1', c: '456' }, { complete: false, ...leftOut })
  t.strictSame(await countResults(store, place.id, place.attempt), { files: 2, bytes: 4, complete: false, ...leftOut })
  t.match(await listResults(store, record, { limit: 1 }), { more: true, ...leftOut })
  t.strictSame((await listed(store, record, 5)).map(({ name }) => name), ['a', 'c'], 'the journal does not count any more')
  t.equal(await findResult(store, record, 'b'), undefined)
})

await t.test('a job without an attempt has no results', async (t) => {
  const store = await testStore(t)
  const record = newRecord({ state: 'failed' })
  t.strictSame(await listResults(store, record, { limit: 5 }), {
    files: [],
    more: false,
    left_out: [],
    left_out_count: 0
  })
  t.equal(await findResult(store, record, 'a'), undefined)
  t.strictSame(await allOf((await resultsOf(store, record))()), [])
  t.strictSame(await unpack((await archiveResults(store, record)).bytes()), [])
})

await t.test('only the attempt that counts has results', async (t) => {
  const { store, record, place } = await job(t)
  await putResults(store, { ...place, attempt: randomUUID() }, { other: 'x' })
  t.strictSame(await listed(store, record, 5), [])
  await putResults(store, place, { mine: 'y' })
  t.strictSame((await listed(store, record, 5)).map(({ name }) => name), ['mine'])
  t.strictSame((await unpack((await archiveResults(store, record)).bytes())).map(({ name }) => name), ['mine'])
})

await t.test('a manifest of several pages gives the same list and the same archive', async (t) => {
  const { store, record, place } = await job(t)
  const [{ sha256: digest } = { sha256: '' }] = await putContents(store, place, { a: 'x' })
  const names = Array.from({ length: 1003 }, (_, i) => `frame${i % 2 ? '/' : '-'}${String(i).padStart(6, '0')}`).sort()
  const entries = names.map((name) => ({ name, size: 1, sha256: digest }))
  const counts = { files: 1003, bytes: 1003, complete: true, left_out: [], left_out_count: 0 }
  await writeManifest(store, place.id, place.attempt, { ...counts, at: '2026-01-01T00:00:00.000Z' }, entries)
  t.strictSame((await listed(store, record, 900)).map(({ name }) => name), names)
  t.strictSame((await unpack((await archiveResults(store, record)).bytes())).map(({ name }) => name), names)

  await removeObject(store, manifestPageKey(place.id, place.attempt, 1))
  await t.rejects(listed(store, record, 900), { message: /a page of the manifest is gone/ })
  await breaksOff(t, store, record, /a page of the manifest is gone/)
})

/** An archive that breaks off has an error, and is never one that a reader takes for a whole one. */
async function breaksOff (
  t: Test,
  store: Store,
  record: JobRecord,
  message: RegExp
): Promise<void> {
  const chunks: Buffer[] = []
  await t.rejects((async () => {
    for await (const chunk of (await archiveResults(store, record)).bytes()) chunks.push(chunk as Buffer)
  })(), { message })
  // The end of a whole archive.
  t.notOk(Buffer.concat(chunks).subarray(-1024).equals(Buffer.alloc(1024)), 'it has no end')
}

await t.test('an archive breaks off at a content that is gone or that has another size', async (t) => {
  for (
    const [spoil, message] of [
      [async (store: Store, key: string) => await removeObject(store, key), /a result file is gone: b/],
      [
        async (store: Store, key: string) => await putObject(store, key, 'short', {}, 'unconditional'),
        /does not have 10 bytes: b/
      ],
      [
        async (store: Store, key: string) => await putObject(store, key, 'x'.repeat(600), {}, 'unconditional'),
        /does not have 10 bytes: b/
      ]
    ] as const
  ) {
    const { store, record, place } = await job(t)
    await putResults(store, place, { a: 'first', b: 'the second', c: 'third' })
    await spoil(store, contentKey(place.id, place.attempt, sha256('the second')))
    await breaksOff(t, store, record, message)
  }
})

await t.test('an archive of a running job breaks off at a page of the journal that is gone', async (t) => {
  const { store, record, place } = await job(t)
  const entries = Array.from({ length: JOURNAL_PAGE }, (_, n) => ({ name: String(n), size: 1, sha256: sha256('x') }))
  await writeJournal(store, place.id, place.attempt, { page: 0, files: JOURNAL_PAGE, bytes: JOURNAL_PAGE, entries })
  await removeObject(store, journalPageKey(place.id, place.attempt, 0))
  await t.rejects(listResults(store, record, { limit: 1 }), { message: /a page of the journal is gone/ })
  await t.rejects(findResult(store, record, '1'), { message: /a page of the journal is gone/ })
  await breaksOff(t, store, record, /a page of the journal is gone/)
})
