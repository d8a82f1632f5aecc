import { createHash, randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import type { LeftOut } from '../../../../shared/job/left-out.ts'
import { writeJournal } from '../../../../shared/results/journal.ts'
import { writeManifest } from '../../../../shared/results/manifest.ts'
import { LARGEST_PUT } from '../../../../shared/results/part-size.ts'
import { contentKey, manifestPageKey } from '../../../../shared/store/bucket-layout.ts'
import { removeObject } from '../../../../shared/store/object-store.ts'
import { openStore } from '../../../../shared/store/open-store.ts'
import { contentOf } from '../../../support/content-of.ts'
import { fetchServer } from '../../../support/fetch-server.ts'
import { httpServer } from '../../../support/http-server.ts'
import { newRecord } from '../../../support/new-record.ts'
import { problemAbout, problemOf } from '../../../support/problem-of.ts'
import { putContents, putFirstResults, putResults } from '../../../support/put-results.ts'
import { storeSettingsOf } from '../../../support/store-settings.ts'
import { testStore } from '../../../support/store.ts'

const store = await testStore(t)
const attempt = randomUUID()
const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256))
const digest = createHash('sha256').update(bytes)
const [hex, base64] = [digest.copy().digest('hex'), digest.digest('base64')]
const oddNames = [
  'a b.txt',
  'a+b.txt',
  '100%.txt',
  'a#b?c=d&e.txt',
  'Übung/größe.svg',
  'sub/deeper/x.json',
  'sub-deeper',
  'sub.deeper',
  'say "hi".txt',
  "it's;a,b.txt",
  '🚗.mcap',
  '\ufffd.txt',
  'no-ending',
  '.zgroup',
  ' lead'
]
const sortedNames = oddNames.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
const itself = Object.fromEntries(oddNames.map((name) => [name, name]))

const pathOf = (id: string, file: string): string => `/job/${id}/result?file=${encodeURIComponent(file)}`

interface Listed {
  files: { name: string, size: number, sha256: string, sha256_checked: string, content_type: string }[]
  next_cursor: string | null
  left_out: LeftOut[]
  left_out_count: number
}

async function list (url: string, id: string, query = ''): Promise<Listed> {
  const response = await fetch(`${url}/job/${id}/result/list${query}`)
  if (response.status !== 200) throw new Error(`the list answered with status ${response.status}`)
  return await response.json() as Listed
}

/** The names on each page, from the first to the last. */
async function namesOnPages (url: string, id: string, limit: number): Promise<string[][]> {
  const pages: string[][] = []
  for (let cursor: string | null = ''; cursor !== null && pages.length < 50;) {
    const page: Listed = await list(url, id, `?limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    pages.push(page.files.map(({ name }) => name))
    cursor = page.next_cursor
  }
  return pages
}

for (const [what, put] of [['while the job runs', putFirstResults], ['when all are stored', putResults]] as const) {
  await t.test(`${what}, the result files of the attempt that counts are listed by name, in pages`, async (t) => {
    const { url, create } = await fetchServer(t, store)
    const { job_uuid: id } = await create({ state: 'running', attempt })
    await put(store, { id, attempt }, itself)
    await putResults(store, { id, attempt: randomUUID() }, { 'of another attempt': 'x' })

    const { files, ...rest } = await list(url, id)
    t.same(files.map(({ name }) => name), sortedNames)
    t.same(rest, { next_cursor: null, left_out: [], left_out_count: 0 })
    t.same(files.find(({ name }) => name === 'sub/deeper/x.json'), {
      name: 'sub/deeper/x.json',
      size: 17,
      sha256: createHash('sha256').update('sub/deeper/x.json').digest('hex'),
      sha256_checked: 'whole',
      content_type: 'application/json'
    })
    t.match(Object.fromEntries(files.map(({ name, content_type: type }) => [name, type])), {
      '🚗.mcap': 'application/x-mcap',
      'no-ending': 'application/octet-stream',
      'a b.txt': 'text/plain',
      'Übung/größe.svg': 'image/svg+xml'
    })
    t.same(await namesOnPages(url, id, 4), [0, 4, 8, 12].map((from) => sortedNames.slice(from, from + 4)))
    t.same(await namesOnPages(url, id, 5), [0, 5, 10].map((from) => sortedNames.slice(from, from + 5)), 'no empty page')
    const [next] = (await list(url, id, '?cursor=zzz&limit=1')).files
    t.equal(next?.name, 'Übung/größe.svg', 'the cursor may be a name that no file has')

    for (const name of oddNames) {
      const response = await fetch(url + pathOf(id, name))
      t.equal(await response.text(), name)
      const [, encoded] = /filename\*=UTF-8''(.+)$/.exec(response.headers.get('content-disposition')!) ?? []
      t.equal(decodeURIComponent(encoded!), name.split('/').at(-1))
    }
    for (const name of ['of another attempt', 'sub', 'zzz', '!']) {
      await problemAbout(t, await fetch(url + pathOf(id, name)), 'file', 404, 'unknown-file')
    }
  })
}

await t.test('a list of many thousand files is complete, whatever the size of its pages', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  const content = contentOf(Buffer.from('x'))
  await putContents(store, { id, attempt }, { any: 'x' })
  // In the order of their bytes: "frame-…", "frame.…", "frame/…".
  const names = ['frame-', 'frame.', 'frame/'].flatMap((start) =>
    Array.from({ length: 900 }, (_, at) => `${start}${String(at).padStart(6, '0')}`))
  const entries = names.map((name) => ({ name, ...content }))
  const counts = { files: names.length, bytes: names.length, complete: true, left_out: [], left_out_count: 0, at: '' }
  await writeManifest(store, id, attempt, counts, entries)

  for (const limit of [1000, 999, 900, 173]) {
    t.same((await namesOnPages(url, id, limit)).flat(), names, `pages of ${limit}`)
  }
  // The first and the last file of each page of the manifest, and their neighbours.
  for (const at of [0, 1, 998, 999, 1000, 1001, 1999, 2000, 2001, 2699]) {
    t.equal(await (await fetch(url + pathOf(id, names[at]!))).text(), 'x', names[at]!)
    const [next] = (await list(url, id, `?limit=1&cursor=${encodeURIComponent(names[at]!)}`)).files
    t.equal(next?.name, names[at + 1])
  }
  await problemAbout(t, await fetch(url + pathOf(id, 'frame.0000005')), 'file', 404, 'unknown-file')

  await removeObject(store, manifestPageKey(id, attempt, 1))
  t.equal((await list(url, id, '?cursor=frame%2F000300')).files.length, 100, 'a page needs no page before it')
  await removeObject(store, manifestPageKey(id, attempt, 2))
  t.equal((await fetch(`${url}/job/${id}/result/list?cursor=frame%2F000300`)).status, 500,
    'a lost page of the manifest is an error, not the end of the list')
})

await t.test('files that are left out are named, on each page', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'failed', attempt })
  const leftOut = Array.from({ length: 1000 }, (_, at) => ({ name: `${at}\\x0a`, reason: 'it has a line break' }))
  await putResults(store, { id, attempt }, { a: '1', b: '2' }, {
    complete: false,
    left_out: leftOut,
    left_out_count: 1234
  })
  const first = await list(url, id, '?limit=1')
  t.same(first.left_out, leftOut)
  t.equal(first.left_out_count, 1234)
  t.equal(first.next_cursor, 'a')
  t.equal((await list(url, id, '?limit=1&cursor=a')).left_out_count, 1234)
})

await t.test('a file that came in parts is marked as checked in parts', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running', attempt })
  const sha256 = 'a'.repeat(64)
  const entries = [LARGEST_PUT, LARGEST_PUT + 1].map((size) => ({ name: String(size), size, sha256 }))
  await writeJournal(store, id, attempt, { files: 2, bytes: 0, page: 0, entries })
  t.same((await list(url, id)).files.map(({ sha256_checked: checked }) => checked), ['whole', 'parts'])
})

await t.test('a job without an attempt, or whose attempt has stored nothing, has no result files', async (t) => {
  const { url, create } = await fetchServer(t, store)
  for (const more of [{}, { attempt: randomUUID() }]) {
    const { job_uuid: id } = await create(more)
    t.same(await list(url, id), { files: [], next_cursor: null, left_out: [], left_out_count: 0 })
    await problemAbout(t, await fetch(url + pathOf(id, 'a')), 'file', 404, 'unknown-file')
  }
})

await t.test('while the job runs, a changed file has its new bytes, and a removed file is gone', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running', attempt })
  const place = { id, attempt }
  const [old, other] = await putContents(store, place, { grid: 'old', other: 'x' })
  await writeJournal(store, id, attempt, { files: 2, bytes: 4, page: 0, entries: [old!, other!] })
  const before = await fetch(url + pathOf(id, 'grid'))
  t.equal(before.headers.get('etag'), `"${old!.sha256}"`)
  t.equal(await before.text(), 'old')

  // The uploader drops the old content when the journal has the new one; a reader of the old journal comes too late.
  const [changed] = await putContents(store, place, { grid: 'newer' })
  await removeObject(store, contentKey(id, attempt, old!.sha256))
  for (const range of [{}, { range: 'bytes=0-1' }]) {
    const response = await fetch(url + pathOf(id, 'grid'), { headers: range })
    for (const name of ['etag', 'repr-digest', 'content-disposition', 'content-range', 'accept-ranges']) {
      t.notOk(response.headers.has(name), `a problem has none of the headers of the file: ${name}`)
    }
    await problemOf(t, response, 409, 'conflict')
  }
  const entries = [old!, other!, changed!, { name: 'other', gone: true as const }]
  await writeJournal(store, id, attempt, { files: 1, bytes: 5, page: 0, entries })
  const after = await fetch(url + pathOf(id, 'grid'), { headers: { 'if-none-match': `"${old!.sha256}"` } })
  t.equal(after.status, 200)
  t.equal(after.headers.get('last-modified'), null, 'a file that may still change has no date')
  t.equal(await after.text(), 'newer')
  t.same((await list(url, id)).files.map(({ name }) => name), ['grid'])
  await problemAbout(t, await fetch(url + pathOf(id, 'other')), 'file', 404, 'unknown-file')

  // After the manifest no journal counts.
  await putResults(store, place, { grid: 'newer', last: 'y' })
  await writeJournal(store, id, attempt, { files: 1, bytes: 3, page: 0, entries: [old!] })
  t.same((await list(url, id)).files.map(({ name }) => name), ['grid', 'last'])
})

/** A job with one result file, and its URL. */
async function withFile (t: Test, name = 'sub/drive.mcap', content = bytes) {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  await putResults(store, { id, attempt }, { [name]: content })
  const href = url + pathOf(id, name)
  return {
    href,
    get: async (headers: Record<string, string> = {}, method = 'GET') => await fetch(href, { method, headers })
  }
}

const received = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

await t.test('a file is returned unchanged, with the headers to verify it', async (t) => {
  const { get } = await withFile(t)
  for (const method of ['GET', 'HEAD']) {
    const response = await get({}, method)
    t.equal(response.status, 200)
    t.match(Object.fromEntries(response.headers), {
      'content-length': '100000',
      'content-type': 'application/x-mcap',
      'content-disposition': 'attachment; filename="drive.mcap"; filename*=UTF-8\'\'drive.mcap',
      etag: `"${hex}"`,
      'repr-digest': `sha-256=:${base64}:`,
      'accept-ranges': 'bytes',
      'last-modified': / GMT$/,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': 'sandbox'
    }, method)
    t.ok((await received(response)).equals(method === 'GET' ? bytes : Buffer.alloc(0)))
  }
})

await t.test('a range of a file', async (t) => {
  const { get } = await withFile(t)
  for (
    const [range, start, end] of [['bytes=0-0', 0, 0], ['bytes=100-199', 100, 199], ['bytes=99990-', 99_990, 99_999], [
      'bytes=-10',
      99_990,
      99_999
    ], ['bytes=0-999999', 0, 99_999]] as const
  ) {
    const response = await get({ range })
    t.equal(response.status, 206, range)
    t.match(Object.fromEntries(response.headers), {
      'content-range': `bytes ${start}-${end}/100000`,
      'content-length': String(end - start + 1),
      etag: `"${hex}"`,
      'repr-digest': `sha-256=:${base64}:`,
      'content-type': 'application/x-mcap'
    })
    t.ok((await received(response)).equals(bytes.subarray(start, end + 1)))
  }
  for (
    const headers of [{ range: 'bytes=0-1,5-6' }, { range: 'lines=1-2' }, { range: 'bytes=0-1', 'if-range': '"other"' }]
  ) {
    const response = await get(headers)
    t.equal(response.status, 200, JSON.stringify(headers))
    t.notOk(response.headers.has('content-range'))
    t.ok((await received(response)).equals(bytes))
  }
  t.equal((await get({ range: 'bytes=0-1', 'if-range': `"${hex}"` })).status, 206)
  const head = await get({ range: 'bytes=0-1' }, 'HEAD')
  t.equal(head.status, 200, 'a range applies to GET only')
  t.equal(head.headers.get('content-length'), '100000')
})

await t.test('a range outside the file is a problem', async (t) => {
  const { get } = await withFile(t)
  for (const range of ['bytes=100000-', 'bytes=9-2', 'bytes=-0', 'bytes=x']) {
    const response = await get({ range })
    t.equal(response.headers.get('content-range'), 'bytes */100000')
    t.notOk(response.headers.has('content-disposition'))
    await problemAbout(t, response, 'Range', 416, 'range-not-satisfiable')
  }
})

await t.test('a matching If-None-Match gives 304', async (t) => {
  const { get } = await withFile(t)
  for (const method of ['GET', 'HEAD']) {
    for (
      const headers of [{ 'if-none-match': `"${hex}"` }, { 'if-none-match': `W/"${hex}"` }, { 'if-none-match': '*' }, {
        'if-none-match': `"${hex}"`,
        range: 'bytes=0-1'
      }]
    ) {
      const response = await get(headers, method)
      t.equal(response.status, 304)
      t.equal(response.headers.get('etag'), `"${hex}"`)
      t.equal((await received(response)).length, 0)
    }
  }
  t.equal((await get({ 'if-none-match': '"other"' })).status, 200)
})

await t.test('an empty file can be read', async (t) => {
  const { get } = await withFile(t, 'empty', Buffer.alloc(0))
  const response = await get()
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-length'), '0')
  t.equal((await received(response)).length, 0)
  t.equal((await get({ range: 'bytes=-5' })).status, 200)
  const none = await get({ range: 'bytes=0-' })
  t.equal(none.headers.get('content-range'), 'bytes */0')
  await problemAbout(t, none, 'Range', 416, 'range-not-satisfiable')
})

await t.test('an invalid file name is a problem', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ attempt })
  for (const name of ['', '../x', '/x', 'a\0', 'a\\b', 'a/', 'a//b', '.', 'x'.repeat(901), 'ü'.repeat(451)]) {
    await problemAbout(t, await fetch(url + pathOf(id, name)), 'file')
    if (name !== '') {
      await problemAbout(t, await fetch(`${url}/job/${id}/result/list?cursor=${encodeURIComponent(name)}`), 'cursor')
    }
  }
  for (
    const [field, query] of [['file', ''], ['file', '?file=a&file=b'], ['name', '?file=a&name=b'], [
      'file',
      '?file=%ff'
    ]] as const
  ) {
    const response = await fetch(`${url}/job/${id}/result${query}`)
    const { errors } = await problemAbout(t, response, field)
    if (query.includes('&file')) t.match(errors, [{ message: 'is given twice' }])
    if (query.includes('%ff')) t.match(errors, [{ message: /not UTF-8/ }])
  }
})

/** A function whose store has one job with one file; `handsOut` answers the request for the bytes. Its URL. */
async function storeThat (t: Test, handsOut: Parameters<typeof httpServer>[1]): Promise<string> {
  const record = newRecord({ state: 'succeeded', attempt })
  const entry = { name: 'drive.mcap', size: bytes.length, sha256: hex }
  const { url: endpoint } = await httpServer(t, (request, response) => {
    if (request.url.includes('/state/')) response.writeHead(200, { etag: '"s"' }).end(JSON.stringify(record))
    else if (request.url.includes('/uploads/')) {
      response.writeHead(200, { etag: '"m"' }).end(JSON.stringify({ at: 0, pages: ['drive.mcap'], entries: [entry] }))
    } else return handsOut!(request, response)
  })
  const { url } = await fetchServer(t, openStore(storeSettingsOf(endpoint), 500))
  return url + pathOf(record.job_uuid, 'drive.mcap')
}

await t.test('a store that fails to send the bytes gives 503', async (t) => {
  for (const handsOut of [(_: unknown, response: { destroy: () => unknown }) => response.destroy(), () => {}]) {
    const response = await fetch(await storeThat(t, handsOut))
    t.notOk(response.headers.has('etag'))
    await problemOf(t, response, 503, 'store-unavailable')
  }
})

await t.test('an incomplete file breaks the connection', async (t) => {
  const href = await storeThat(t, (_, response) => {
    response.writeHead(200, { etag: '"f"', 'content-length': bytes.length }).write(
      bytes.subarray(0, 50_000),
      () => response.destroy()
    )
  })
  const response = await fetch(href)
  t.equal(response.headers.get('content-length'), '100000')
  await t.rejects(response.arrayBuffer())
})
