import { randomUUID } from 'node:crypto'
import t from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { writeJournal } from '../../../shared/results/journal.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { httpServer } from '../../support/http-server.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'
import { putFirstResults, putResults } from '../../support/put-results.ts'
import { storeSettingsOf } from '../../support/store-settings.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)
const attempt = randomUUID()

await t.test('a job is returned with all its fields, or with 304 if the ETag matches', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const record = await create({
    state: 'failed',
    env: { DURATION: '15' },
    reason: 'ResultsIncomplete',
    message: 'Not all files could be stored: a\\x0a.txt (its name must not contain control characters).',
    started_at: '2026-11-22T12:00:00.000Z',
    results: {
      files: 2,
      bytes: 7,
      complete: false,
      left_out: [{ name: 'a\\x0a.txt', reason: 'its name must not contain control characters' }],
      left_out_count: 1
    },
    sealed_env: 'sealed',
    job_uid: 'uid',
    attempt
  })
  const path = `${url}/job/${record.job_uuid}`
  const response = await fetch(path)
  t.equal(response.headers.get('cache-control'), 'no-cache')
  t.same(await response.json(), {
    job_uuid: record.job_uuid,
    state: 'failed',
    reason: 'ResultsIncomplete',
    message: record.message,
    results: record.results,
    template: 'test',
    owner: null,
    created_at: record.created_at,
    started_at: '2026-11-22T12:00:00.000Z',
    finished_at: null,
    exit_code: null,
    expires_at: null,
    callback: null,
    progress: null,
    env: { DURATION: '15' },
    history: record.history,
    links: {
      self: `/job/${record.job_uuid}`,
      results: `/job/${record.job_uuid}/result/list`,
      log: `/job/${record.job_uuid}/log`
    }
  })
  const etag = response.headers.get('etag')!
  t.match(etag, /^"/, 'a strong one')
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

await t.test('a running job shows how many files and bytes are stored so far', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running', attempt })
  const job = async (headers: Record<string, string> = {}): Promise<Response> =>
    await fetch(`${url}/job/${id}`, { headers })
  const results = async (): Promise<unknown> => (await (await job()).json() as { results: unknown }).results
  const soFar = (files: number, bytes: number) => ({ files, bytes, complete: false, left_out: [], left_out_count: 0 })

  t.equal(await results(), null, 'nothing is stored yet')
  await putFirstResults(store, { id, attempt }, { a: '123' })
  t.same(await results(), soFar(1, 3))
  await putFirstResults(store, { id, attempt }, { a: '123', b: '4567' })
  t.same(await results(), soFar(2, 7))
  await writeJournal(store, id, attempt, { files: 700, bytes: 9, page: 3, entries: [] })
  t.same(await results(), soFar(700, 9), 'the counts do not need the full pages')

  const first = await job()
  const etag = first.headers.get('etag')!
  t.match(etag, /^"/, 'the ETag is a strong one, although the counts change without the record')
  await writeJournal(store, id, attempt, { files: 701, bytes: 9, page: 3, entries: [] })
  t.equal((await job({ 'if-none-match': etag })).status, 200, 'other counts have another ETag')
  t.equal((await job({ 'if-match': etag })).status, 412)
  await writeJournal(store, id, attempt, { files: 700, bytes: 9, page: 3, entries: [] })
  const same = await job({ 'if-none-match': etag })
  t.equal(same.status, 304)
  t.equal(same.headers.get('etag'), etag)

  // The uploader is done, but Kubernetes has not ended the Job yet.
  await putResults(store, { id, attempt }, { a: '123' }, {
    left_out: [{ name: 'latest', reason: 'it is a link that leads out of the result folder' }],
    left_out_count: 1
  })
  t.match(await results(), { files: 1, bytes: 3, complete: true, left_out: [{ name: 'latest' }], left_out_count: 1 })

  const counts = soFar(1, 3)
  await advanceRecord(store, id, (record) => ({ ...record, revision: 2, state: 'failed', results: counts }))
  const ended = await job({ 'if-none-match': etag })
  t.equal(ended.status, 200)
  t.match(ended.headers.get('etag'), /^"/)
  t.same((await ended.json() as { results: unknown }).results, counts, 'what the record says is final')
})

await t.test('an ended job shows the results of its record, not those of the store', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'canceled', attempt })
  await putFirstResults(store, { id, attempt }, { a: '123' })
  t.match(await (await fetch(`${url}/job/${id}`)).json(), { results: null, message: null })
})

await t.test('an unknown or invalid job id is a problem on every path', async (t) => {
  const { url } = await fetchServer(t, store)
  for (const rest of ['', '/result/list', '/result?file=a', '/callback']) {
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

await t.test('other methods and paths are problems', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create()
  const readOnly = ['result', 'result/list', 'result/archive', 'callback'].map((path) => `/job/${id}/${path}`)
  for (
    const [allow, methods, ...paths] of [
      ['GET, HEAD', ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], '/job', ...readOnly],
      // The other two are those of deploy, behind the same entry point.
      ['GET, HEAD, DELETE, PATCH', ['POST', 'PUT', 'OPTIONS'], `/job/${id}`],
      ['POST', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], `/job/${id}/callback/0-running/redeliver`]
    ] as const
  ) {
    for (const path of paths) {
      for (const method of methods) {
        const response = await fetch(url + path, { method })
        t.equal(response.headers.get('allow'), allow, `${method} ${path}`)
        if (method === 'HEAD') t.equal(response.status, 405)
        else await problemOf(t, response, 405, 'method-not-allowed')
      }
    }
  }
  for (const path of ['/', '/jobs', `/job/${id}/`, `/job/${id}/results`, '/job/deploy/x']) {
    await problemOf(t, await fetch(url + path), 404, 'not-found')
  }
  for (const path of ['', '/callback']) await problemAbout(t, await fetch(`${url}/job/${id}${path}?wait=1`), 'wait')
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const problem = await problemOf(
    t,
    await fetch(`${url}/job/${newJobId()}`, { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } }),
    404,
    'unknown-job'
  )
  t.equal(problem.trace_id, trace)
})

await t.test('an unreachable store, or one with invalid answers, gives 503', async (t) => {
  const nonsense = await httpServer(t, (_, response) => response.writeHead(200).end('hello'))
  for (const endpoint of [await closedUrl(), nonsense.url]) {
    const { url } = await fetchServer(t, openStore(storeSettingsOf(endpoint)))
    const id = newJobId()
    for (
      const path of [
        '/job',
        '/job?state=running',
        `/job/${id}`,
        `/job/${id}/result/list`,
        `/job/${id}/result?file=a`
      ]
    ) {
      const response = await fetch(url + path)
      t.equal(response.headers.get('retry-after'), '5')
      await problemOf(t, response, 503, 'store-unavailable')
    }
  }
})
