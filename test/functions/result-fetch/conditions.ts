import t from 'tap'
import { writeJournal } from '../../../shared/results/journal.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { problemOf } from '../../support/problem-of.ts'
import { putContents, putResults } from '../../support/put-results.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)
const attempt = 'pod'
const LONG_AGO = 'Mon, 01 Jan 2001 00:00:00 GMT'
const TOMORROW = new Date(Date.now() + 86_400_000).toUTCString()

await t.test('every representation has an ETag, and its conditions are evaluated', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  await putResults(store, { id, attempt }, { 'a.txt': 'some bytes' })
  for (
    const [path, isDated] of [
      [`/job/${id}/result?file=a.txt`, true],
      [`/job/${id}/result/archive`, false],
      [`/job/${id}/result/list`, false],
      [`/job/${id}`, false],
      ['/job?limit=1&state=succeeded', false]
    ] as const
  ) {
    await t.test(path.replace(id, 'ID'), async (t) => {
      const first = await fetch(url + path)
      const body = await first.bytes()
      const etag = first.headers.get('etag')!
      t.match(etag, /^"[\w.+-]+"$/)
      t.match(first.headers.get('cache-control'), /no-cache/)
      const modified = first.headers.get('last-modified')
      t.equal(modified !== null, isDated)
      for (
        const [headers, status] of [
          [{ 'if-match': etag }, 200],
          [{ 'if-match': '*' }, 200],
          [{ 'if-match': `"other", ${etag}` }, 200],
          [{ 'if-match': '"other"' }, 412],
          [{ 'if-match': `W/${etag}` }, 412],
          [{ 'if-none-match': etag }, 304],
          [{ 'if-none-match': `W/${etag}` }, 304],
          [{ 'if-none-match': '*' }, 304],
          [{ 'if-none-match': '"other"' }, 200],
          [{ 'if-match': '"other"', 'if-none-match': etag }, 412],
          [{ 'if-unmodified-since': LONG_AGO }, isDated ? 412 : 200],
          [{ 'if-unmodified-since': modified ?? LONG_AGO }, 200],
          [{ 'if-unmodified-since': 'yesterday' }, 200],
          [{ 'if-modified-since': TOMORROW }, isDated ? 304 : 200],
          [{ 'if-modified-since': modified ?? TOMORROW }, isDated ? 304 : 200],
          [{ 'if-modified-since': LONG_AGO }, 200],
          [{ 'if-modified-since': 'tomorrow' }, 200],
          [{ 'if-none-match': '"other"', 'if-modified-since': TOMORROW }, 200]
        ] as const
      ) {
        for (const method of ['GET', 'HEAD']) {
          const response = await fetch(url + path, { method, headers: headers as Record<string, string> })
          t.equal(response.status, status, `${method} ${JSON.stringify(headers)}`)
          if (status === 412) {
            t.notOk(response.headers.has('etag'))
            if (method === 'GET') await problemOf(t, response, 412, 'precondition-failed')
          } else {
            t.equal(response.headers.get('etag'), etag)
            const expected = status === 200 && method === 'GET' ? body : new Uint8Array()
            t.strictSame(await response.bytes(), expected)
            if (status === 200) t.equal(response.headers.get('content-length'), String(body.length))
          }
        }
      }
    })
  }
})

await t.test('the second half of a file that the job has replaced is 412, or the whole file', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running', attempt })
  const path = `${url}/job/${id}/result?file=f`
  const put = async (content: string): Promise<void> => {
    const entries = await putContents(store, { id, attempt }, { f: content })
    await writeJournal(store, id, attempt, { files: 1, bytes: content.length, page: 0, entries })
  }
  await put('old bytes')
  const first = await fetch(path, { headers: { range: 'bytes=0-4' } })
  t.equal(await first.text(), 'old b')
  const etag = first.headers.get('etag')!
  const rest = { range: 'bytes=5-' }
  t.equal(await (await fetch(path, { headers: { ...rest, 'if-match': etag } })).text(), 'ytes')
  await put('NEW BYTES')
  await problemOf(t, await fetch(path, { headers: { ...rest, 'if-match': etag } }), 412, 'precondition-failed')
  const whole = await fetch(path, { headers: { ...rest, 'if-range': etag } })
  t.equal(whole.status, 200)
  t.equal(await whole.text(), 'NEW BYTES')
  t.equal((await fetch(path, { headers: { range: 'bytes=90-', 'if-match': etag } })).status, 412, 'before the range')
})

await t.test('conditions do not matter where the answer would be another problem', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running', attempt })
  for (
    const [path, status] of [
      [`/job/${id}/result?file=none`, 404],
      [`/job/${id}/result/archive`, 409],
      [`/job/${id.slice(0, -4)}0000`, 404],
      ['/job/x', 400]
    ] as const
  ) {
    for (const headers of [{ 'if-match': '"other"' }, { 'if-none-match': '*' }] as Record<string, string>[]) {
      t.equal((await fetch(url + path, { headers })).status, status, path)
    }
  }
})

await t.test('the ETag of an archive names its bytes', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const etagOf = async (files: Record<string, string>, end = '2026-01-02T03:04:05.000Z'): Promise<string | null> => {
    const { job_uuid: id } = await create({ state: 'succeeded', attempt, finished_at: end })
    await putResults(store, { id, attempt }, files)
    return (await fetch(`${url}/job/${id}/result/archive`, { method: 'HEAD' })).headers.get('etag')
  }
  const [first, ...others] = [
    await etagOf({ a: '1', b: '2' }),
    await etagOf({ a: '1' }),
    await etagOf({ a: '1', c: '2' }),
    await etagOf({ a: '1', b: '3' }),
    await etagOf({ a: '1', b: '2' }, '2026-01-02T03:04:06.000Z')
  ]
  t.equal(await etagOf({ a: '1', b: '2' }), first)
  t.equal(new Set([first, ...others]).size, 5)
})
