import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { extract } from 'tar-stream'
import { readRecord } from '../../../../shared/job/record-store.ts'
import { archiveResults } from '../../../../shared/results/archive/archive-results.ts'
import { zip } from '../../../../shared/results/archive/zip.ts'
import { writeJournal } from '../../../../shared/results/journal.ts'
import { writeManifest } from '../../../../shared/results/manifest.ts'
import { contentKey } from '../../../../shared/store/bucket-layout.ts'
import { removeObject } from '../../../../shared/store/object-store.ts'
import { fetchServer } from '../../../support/fetch-server.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { putContents, putFirstResults, putResults } from '../../../support/put-results.ts'
import { testStore } from '../../../support/store.ts'

const store = await testStore(t)
const attempt = 'pod'

/** The files of an archive, in its order. */
async function filesIn (response: Response): Promise<[name: string, bytes: Buffer, date: string | undefined][]> {
  const files: [string, Buffer, string | undefined][] = []
  for await (const entry of Readable.fromWeb(response.body!).pipe(extract())) {
    files.push([entry.header.name, await buffer(entry), entry.header.mtime?.toISOString()])
  }
  return files
}

await t.test('the archive has all results, unchanged', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'succeeded', attempt, finished_at: '2026-01-02T03:04:05.000Z' })
  const odd = `${'long/'.repeat(60)}${'ü'.repeat(100)}`
  const results = { 'a.txt': Buffer.from('a\n'), [odd]: Buffer.alloc(0), 'sub/b ü.bin': randomBytes(100_000) }
  await putResults(store, { id, attempt }, { ...results, twice: results['a.txt'] })
  const response = await fetch(`${url}/job/${id}/result/archive`)
  t.equal(response.headers.get('content-type'), 'application/x-tar')
  t.match(response.headers.get('content-disposition'), `${id}.tar`)
  const bytes = await response.clone().bytes()
  const head = await fetch(`${url}/job/${id}/result/archive`, { method: 'HEAD' })
  t.equal(head.status, 200)
  for (const name of ['content-type', 'content-disposition', 'etag', 'cache-control']) {
    t.equal(head.headers.get(name), response.headers.get(name), name)
  }
  for (const { headers } of [head, response]) t.equal(headers.get('content-length'), String(bytes.length))
  t.equal((await head.bytes()).length, 0)
  const files = await filesIn(response)
  t.strictSame(files.map(([name]) => name), ['a.txt', odd, 'sub/b ü.bin', 'twice'])
  for (const [name, content, date] of files) {
    t.ok(content.equals({ ...results, twice: results['a.txt'] }[name]!), name)
    t.equal(date, '2026-01-02T03:04:05.000Z')
  }
})

await t.test('the archive has the files of every page of the manifest', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  const [any] = await putContents(store, { id, attempt }, { any: 'x' })
  const names = ['a-', 'a/'].flatMap((start) => Array.from({ length: 600 }, (_, at) => `${start}${1000 + at}`))
  await writeManifest(
    store,
    id,
    attempt,
    { files: names.length, bytes: names.length, complete: true, left_out: [], left_out_count: 0, at: '' },
    names.map((name) => ({ ...any!, name }))
  )
  const response = await fetch(`${url}/job/${id}/result/archive`)
  // A header, a block with one byte, and the end.
  t.equal(response.headers.get('content-length'), String(names.length * 1024 + 1024))
  const files = await filesIn(response)
  t.strictSame(files.map(([name]) => name), names)
})

await t.test('the archive of a job whose uploader was killed has the files that were stored', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'failed', attempt })
  const entries = await putContents(store, { id, attempt }, { a: '1', b: '2', c: '3' })
  await writeJournal(store, id, attempt, { files: 2, bytes: 2, page: 0, entries: [...entries, { name: 'b', gone: true }] })
  const files = await filesIn(await fetch(`${url}/job/${id}/result/archive`))
  t.strictSame(files.map(([name, content]) => `${name} ${content.toString()}`), ['a 1', 'c 3'])
})

await t.test('a running job has no archive, even when all its results are stored', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running', attempt })
  await putFirstResults(store, { id, attempt }, { a: '1' })
  await putResults(store, { id, attempt }, { a: '1' })
  await problemOf(t, await fetch(`${url}/job/${id}/result/archive`), 409, 'job-not-ended')
  t.equal((await fetch(`${url}/job/${id}/result/archive`, { method: 'HEAD' })).status, 409)
})

await t.test('a job without results has an empty archive', async (t) => {
  const { url, create } = await fetchServer(t, store)
  for (const more of [{}, { attempt }]) {
    const { job_uuid: id } = await create({ state: 'failed', ...more })
    const bytes = await (await fetch(`${url}/job/${id}/result/archive`)).bytes()
    t.ok(bytes.length > 0 && bytes.every((byte) => byte === 0))
  }
})

await t.test('an archive breaks off when a file is removed while it is read', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  // Larger than all buffers between store and test, so the second file is not opened before the first is read. It is
  // large, too: small files are read ahead.
  const second = randomBytes(1024 * 1024)
  const [b] = await putContents(store, { id, attempt }, { b: second })
  await putResults(store, { id, attempt }, { a: randomBytes(16 * 1024 * 1024), b: second })
  const response = await fetch(`${url}/job/${id}/result/archive`)
  await removeObject(store, contentKey(id, attempt, b!.sha256))
  await t.rejects(response.bytes())
})

/** Reads every file of a zip archive with Python and with unzip, which both compare the CRCs. */
function unzip (t: Test, bytes: Buffer): [name: string, sha256: string, date: number[]][] {
  const file = join(t.testdir({}), 'archive.zip')
  writeFileSync(file, bytes)
  const script = `
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps([[i.filename, hashlib.sha256(archive.read(i)).hexdigest(), list(i.date_time)] for i in archive.infolist()]))
`
  const read = JSON.parse(String(execFileSync('python3', ['-c', script, file], { maxBuffer: 2 ** 26 }))) as
    [string, string, number[]][]
  // It warns about an empty archive.
  if (hasUnzip && read.length > 0) execFileSync('unzip', ['-tqq', file])
  return read
}

const hasUnzip = spawnSync('unzip', ['-v']).status === 0

await t.test('as zip, the archive has all results, for every reader', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'succeeded', attempt, finished_at: '2026-01-02T03:04:06.000Z' })
  const odd = `${'long/'.repeat(60)}${'ü'.repeat(100)}`
  const results: Record<string, Buffer> = {
    'a.txt': Buffer.from('a\n'),
    'large.bin': randomBytes(3_000_000),
    [odd]: Buffer.alloc(0),
    'sub/b ü.bin': randomBytes(262_144),
    'sub/c.bin': randomBytes(262_145)
  }
  await putResults(store, { id, attempt }, results)
  const path = `${url}/job/${id}/result/archive`
  const response = await fetch(`${path}?format=zip`)
  t.equal(response.headers.get('content-type'), 'application/zip')
  t.match(response.headers.get('content-disposition'), `${id}.zip`)
  const bytes = Buffer.from(await response.arrayBuffer())
  t.equal(response.headers.get('content-length'), String(bytes.length))
  const head = await fetch(path, { method: 'HEAD', headers: { accept: 'application/zip' } })
  for (const name of ['content-type', 'content-disposition', 'content-length', 'etag', 'vary']) {
    t.equal(head.headers.get(name), response.headers.get(name), name)
  }
  t.match(head.headers.get('vary'), /accept/i)
  t.not((await fetch(path, { method: 'HEAD' })).headers.get('etag'), head.headers.get('etag'))
  const etag = head.headers.get('etag')!
  t.equal((await fetch(`${path}?format=zip`, { headers: { 'if-none-match': etag } })).status, 304)
  t.same(unzip(t, bytes), Object.entries(results).map(([name, content]) =>
    [name, createHash('sha256').update(content).digest('hex'), [2026, 1, 2, 3, 4, 6]]))
  t.equal((await fetch(`${path}?format=rar`)).status, 400)
})

await t.test('a zip archive may be empty, and have more files than its first fields can count', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: none } = await create({ state: 'failed' })
  t.same(unzip(t, Buffer.from(await (await fetch(`${url}/job/${none}/result/archive?format=zip`)).arrayBuffer())), [])
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  const [any] = await putContents(store, { id, attempt }, { any: 'x' })
  const names = Array.from({ length: 66_000 }, (_, at) => String(100_000 + at))
  const counts = { files: names.length, bytes: names.length, complete: true, left_out: [], left_out_count: 0, at: '' }
  await writeManifest(store, id, attempt, counts, names.map((name) => ({ ...any!, name })))
  const record = (await readRecord(store, id))!.record
  // The store is asked for one page after the other, and not for the same bytes 66,000 times.
  const archive = await archiveResults(store, record, zip)
  t.equal(archive.size, 66_000 * (30 + 9 + 6 + 1 + 46 + 9 + 6) + 98)
})
