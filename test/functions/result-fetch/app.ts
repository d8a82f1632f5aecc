import { createHash, randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { isTerminal, states } from '../../../shared/job/job-state.ts'
import { logKey } from '../../../shared/store/bucket-layout.ts'
import { putObject } from '../../../shared/store/object-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { httpServer } from '../../support/http-server.ts'
import { newRecord } from '../../support/new-record.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'
import { testStore } from '../../support/store.ts'

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
  'say "hi".txt',
  "it's;a,b.txt",
  '🚗.mcap',
  'no-ending',
  ' lead'
]

const pathOf = (id: string, file: string): string => `/job/${id}/result?file=${encodeURIComponent(file)}`

await t.test('a job is returned with all its fields, or with 304 if the ETag matches', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const record = await create({
    state: 'running',
    env: { DURATION: '15' },
    reason: 'CancelRequested',
    started_at: '2026-11-22T12:00:00.000Z',
    sealed_env: 'sealed',
    job_uid: 'uid',
    attempt
  })
  const path = `${url}/job/${record.job_uuid}`
  const response = await fetch(path)
  t.equal(response.headers.get('cache-control'), 'no-cache')
  t.same(await response.json(), {
    job_uuid: record.job_uuid,
    state: 'running',
    reason: 'CancelRequested',
    template: 'test',
    owner: null,
    created_at: record.created_at,
    started_at: '2026-11-22T12:00:00.000Z',
    finished_at: null,
    exit_code: null,
    expires_at: null,
    callback: null,
    env: { DURATION: '15' },
    history: record.history,
    links: {
      self: `/job/${record.job_uuid}`,
      results: `/job/${record.job_uuid}/result/list`,
      log: `/job/${record.job_uuid}/log`
    }
  })
  const etag = response.headers.get('etag')!
  for (
    const [ifNoneMatch, status] of [[etag, 304], [`W/${etag}`, 304], [`"other", ${etag}`, 304], ['*', 304], [
      '"other"',
      200
    ], [etag.slice(1, -1), 200]] as const
  ) {
    const again = await fetch(path, { headers: { 'if-none-match': ifNoneMatch } })
    t.equal(again.status, status, ifNoneMatch)
    t.equal(again.headers.get('etag'), etag)
    t.equal((await again.text()).length > 0, status === 200)
  }
  t.equal((await fetch(path, { method: 'HEAD' })).status, 200)
})

await t.test('an unknown or invalid job id is a problem on every path', async (t) => {
  const { url } = await fetchServer(t, store)
  for (const rest of ['', '/result/list', '/result?file=a', '/log', '/callback']) {
    const id = newJobId()
    const { job_uuid: named } = await problemAbout(t, await fetch(`${url}/job/${id}${rest}`), 'id', 404, 'unknown-job')
    t.equal(named, id)
    for (
      const wrong of [
        'x',
        'deploy',
        id.toUpperCase(),
        `${id}0`,
        '00000000-0000-4000-8000-000000000000',
        '..%2fopen',
        '%00',
        'ü'.repeat(300)
      ]
    ) {
      await problemAbout(t, await fetch(`${url}/job/${encodeURI(wrong)}${rest}`), 'id')
    }
  }
})

await t.test('the result files of the attempt that counts are listed by name, in pages', async (t) => {
  const { url, create, upload } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running', attempt })
  await Promise.all([
    ...oddNames.map(async (name) => await upload(id, attempt, name, name)),
    upload(id, randomUUID(), 'of another attempt', 'x')
  ])
  const sorted = oddNames.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

  const { files, next_cursor: end } = await (await fetch(`${url}/job/${id}/result/list`)).json() as {
    files: { name: string, content_type: string }[]
    next_cursor: string | null
  }
  t.same(files.map(({ name }) => name), sorted)
  t.equal(end, null)
  t.same(files.find(({ name }) => name === 'sub/deeper/x.json'), {
    name: 'sub/deeper/x.json',
    size: 17,
    sha256: createHash('sha256').update('sub/deeper/x.json').digest('hex'),
    content_type: 'application/json'
  })
  const types = Object.fromEntries(files.map(({ name, content_type: type }) => [name, type]))
  t.match(types, {
    '🚗.mcap': 'application/x-mcap',
    'no-ending': 'application/octet-stream',
    'a b.txt': 'text/plain',
    'Übung/größe.svg': 'image/svg+xml'
  })

  const paged: string[] = []
  let cursor: string | null = ''
  for (let page = 0; cursor !== null && page < 10; page++) {
    const answer =
      await (await fetch(`${url}/job/${id}/result/list?limit=4${cursor && `&cursor=${encodeURIComponent(cursor)}`}`))
        .json() as { files: { name: string }[], next_cursor: string | null }
    t.ok(answer.files.length <= 4)
    paged.push(...answer.files.map(({ name }) => name))
    cursor = answer.next_cursor
  }
  t.same(paged, sorted)

  for (const name of oddNames) {
    const response = await fetch(url + pathOf(id, name))
    t.equal(await response.text(), name)
    const [, encoded] = /filename\*=UTF-8''(.+)$/.exec(response.headers.get('content-disposition')!) ?? []
    t.equal(decodeURIComponent(encoded!), name.split('/').at(-1))
  }
  await problemAbout(t, await fetch(url + pathOf(id, 'of another attempt')), 'file', 404, 'unknown-file')
  await problemAbout(t, await fetch(url + pathOf(id, 'sub')), 'file', 404, 'unknown-file')
})

await t.test('a job without an attempt has no result files', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create()
  t.same(await (await fetch(`${url}/job/${id}/result/list`)).json(), { files: [], next_cursor: null })
  await problemAbout(t, await fetch(url + pathOf(id, 'a')), 'file', 404, 'unknown-file')
})

/** A job with one result file, and its URL. */
async function withFile (t: Test, name = 'sub/drive.mcap', content = bytes) {
  const { url, create, upload } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  await upload(id, attempt, name, content)
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
    if (query.includes('%ff')) t.equal(response.status, 404, 'invalid UTF-8 is not the name of a file')
    else await problemAbout(t, response, field)
  }
})

await t.test('the log is available once it is stored', async (t) => {
  const { url, create } = await fetchServer(t, store)
  for (const state of states) {
    for (const startedAt of [undefined, '2026-11-22T12:00:00.000Z']) {
      const { job_uuid: id } = await create({ state, ...(startedAt && { started_at: startedAt }) })
      const response = await fetch(`${url}/job/${id}/log`)
      t.equal(response.headers.get('retry-after'), '5')
      const { detail, job_uuid: named } = await problemOf(t, response, 404, 'log-not-available')
      t.equal(named, id)
      t.match(detail, !isTerminal(state) ? /when the job ends/ : startedAt ? /in a moment/ : /never ran/)
    }
  }
  const { job_uuid: id } = await create({ state: 'failed' })
  const log = Buffer.concat([Buffer.from('größer\n'), Buffer.from([0xff, 0x00, 0x1b])])
  await putObject(store, logKey(id), log, { whole: 'true' }, 'unconditional', 'text/plain')
  const response = await fetch(`${url}/job/${id}/log`)
  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(log.length),
    'x-content-type-options': 'nosniff'
  })
  t.ok((await received(response)).equals(log), 'the bytes are unchanged')
  t.equal((await fetch(`${url}/job/${id}/log`, { method: 'HEAD' })).headers.get('content-length'), String(log.length))
})

await t.test('other methods and paths are problems', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create()
  for (const path of ['/job', `/job/${id}`, `/job/${id}/result`, `/job/${id}/result/list`, `/job/${id}/log`]) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const response = await fetch(url + path, { method })
      t.equal(response.headers.get('allow'), 'GET, HEAD', `${method} ${path}`)
      await problemOf(t, response, 405, 'method-not-allowed')
    }
  }
  for (const path of ['/', '/jobs', `/job/${id}/`, `/job/${id}/results`, '/job/deploy/x']) {
    await problemOf(t, await fetch(url + path), 404, 'not-found')
  }
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const problem = await problemOf(
    t,
    await fetch(`${url}/job/${newJobId()}`, { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } }),
    404,
    'unknown-job'
  )
  t.equal(problem.trace_id, trace)
})

const settingsOf = (url: string) => ({
  S3_ENDPOINT: url,
  S3_ACCESS_KEY: 'access',
  S3_SECRET_KEY: 'secret',
  S3_BUCKET: 'bucket',
  S3_REGION: 'us-east-1'
})

await t.test('an unreachable store, or one with invalid answers, gives 503', async (t) => {
  const nonsense = await httpServer(t, (_, response) => response.writeHead(200).end('hello'))
  for (const endpoint of [await closedUrl(), nonsense.url]) {
    const { url } = await fetchServer(t, openStore(settingsOf(endpoint)))
    const id = newJobId()
    for (
      const path of [
        '/job',
        '/job?state=running',
        `/job/${id}`,
        `/job/${id}/result/list`,
        pathOf(id, 'a'),
        `/job/${id}/log`
      ]
    ) {
      const response = await fetch(url + path)
      t.equal(response.headers.get('retry-after'), '5')
      await problemOf(t, response, 503, 'store-unavailable')
    }
  }
})

/**
 * A function whose store has one job with one file; `handsOut` answers the request for the bytes. Returns the URL of
 * the file.
 */
async function storeThat (t: Test, handsOut: Parameters<typeof httpServer>[1]) {
  const record = newRecord({ state: 'succeeded', attempt })
  const { url: endpoint } = await httpServer(t, (request, response) => {
    if (request.url.includes('/state/')) response.writeHead(200, { etag: '"s"' }).end(JSON.stringify(record))
    else if (request.url.includes('?tagging')) {
      response.end(`<Tagging><TagSet><Tag><Key>sha256</Key><Value>${hex}</Value></Tag></TagSet></Tagging>`)
    } else if (request.method === 'HEAD') {
      response.writeHead(200, {
        etag: '"f"',
        'content-length': bytes.length,
        'last-modified': 'Sun, 22 Nov 2026 12:58:34 GMT'
      }).end()
    } else return handsOut!(request, response)
  })
  const { url } = await fetchServer(t, openStore(settingsOf(endpoint), 500))
  return url + pathOf(record.job_uuid, 'drive.mcap')
}

await t.test('a file that is being replaced gives 409, without the headers of the file', async (t) => {
  const href = await storeThat(t, (request, response) => {
    t.equal(request.headers['if-match'], '"f"')
    response.writeHead(412).end()
  })
  for (const headers of [{}, { range: 'bytes=0-1' }]) {
    const response = await fetch(href, { headers })
    for (const name of ['etag', 'repr-digest', 'content-disposition', 'content-range', 'accept-ranges']) {
      t.notOk(response.headers.has(name), name)
    }
    await problemOf(t, response, 409, 'conflict')
  }
})

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
