import { randomUUID } from 'node:crypto'
import t from 'tap'
import { documents } from '../../../openapi/documents.ts'
import { makeDocument } from '../../../openapi/make-document.ts'
import { jobToken } from '../../../shared/access/job-token.ts'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { listDigest } from '../../../shared/results/list-digest.ts'
import { expiryKey, stateKey, stateListKey } from '../../../shared/store/bucket-layout.ts'
import { listAll } from '../../../shared/store/object-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { runningJob, uploadServer } from '../../support/upload-server.ts'

const file = contentOf(Buffer.from('a result'))
const { sha256 } = file
const upload = { files: [file] }
const journal = { page: 0, files: 1, bytes: file.size, entries: [{ name: 'out.txt', ...file }] }
const done = { files: 0, bytes: 0, list_sha256: listDigest([]), complete: true, left_out: [], left_out_count: 0 }

/** Every route with a request that is good as such. */
const routes: [string, object][] = [
  ['upload', upload],
  ['upload/part', { sha256, upload_id: 'u', number: 1, size: 1, part_sha256: sha256 }],
  ['upload/complete', { ...file, upload_id: 'u', parts: [sha256] }],
  ['drop', { sha256: [sha256] }],
  ['progress', { percent: 42, message: null, remaining_seconds: null }],
  ['journal', journal],
  ['done', done]
]

await t.test('no route answers without the token of just this job', async (t) => {
  const { store, tokenKey, token, ask, url, path } = await uploadServer(t)
  const other = await runningJob(store, tokenKey)
  for (const [route, body] of routes) {
    for (const wrong of ['', 'x', token.slice(1), token + 'x', other.token, jobToken('k'.repeat(32), other.id)]) {
      const { status, headers, body: answer } = await ask(route, body, { token: wrong })
      t.equal(status, 401, route)
      t.equal(answer.type, 'urn:gx4ki:problem:unauthorized')
      // An empty token is none.
      t.equal(headers.get('www-authenticate'), wrong === '' ? 'Bearer' : 'Bearer error="invalid_token"')
      t.match(headers.get('content-type'), /^application\/problem\+json/)
    }
  }
  const naked = await fetch(`${url}${path}/upload`, { method: 'POST' })
  t.equal(naked.status, 401, 'nor without any')
  t.equal(naked.headers.get('www-authenticate'), 'Bearer')
  t.equal((await naked.json() as { type: string }).type, 'urn:gx4ki:problem:unauthorized')
})

await t.test('a job that is not there looks like a wrong token', async (t) => {
  const { tokenKey, ask } = await uploadServer(t)
  const id = newJobId()
  const { status, body } = await ask('upload', upload, {
    path: `/job/${id}/attempt/${randomUUID()}`,
    token: jobToken(tokenKey, id)
  })
  t.equal(status, 401)
  t.notOk(body.job_uuid)
})

await t.test('after the end of the job its token opens nothing', async (t) => {
  const { store, id, ask } = await uploadServer(t)
  const ended = await advanceRecord(store, id, (record) => advance(record, { state: 'failed' }, new Date()))
  for (const [route, body] of routes) {
    const { status, body: answer } = await ask(route, body)
    t.equal(status, 403, route)
    t.equal(answer.type, 'urn:gx4ki:problem:job-ended')
  }
  const keys = []
  for await (const { key } of listAll(store, '', { tags: false })) keys.push(key)
  const ends = [expiryKey(ended!.expires_at!, id), stateListKey('failed', id), stateKey(id)]
  t.same(keys, ends, 'and nothing was left by the tries')
})

await t.test('a job that is just stopping may still store its results', async (t) => {
  const { store, id, ask } = await uploadServer(t)
  await advanceRecord(
    store,
    id,
    (record) => advance(record, { stop: { reason: 'CancelRequested', at: new Date().toISOString() } }, new Date())
  )
  t.equal((await ask('upload', upload)).status, 200)
  t.equal((await ask('journal', journal)).status, 204)
})

await t.test('the journal takes no name that could leave the folder', async (t) => {
  const { ask, published } = await uploadServer(t)
  for (
    const name of [
      '../x',
      'a/../b',
      '/x',
      'a//b',
      'a/',
      '.',
      '..',
      './a',
      'a\\b',
      'a\0b',
      'a\nb',
      '',
      'x'.repeat(901),
      'ü'.repeat(451),
      'half a \ud83d pair'
    ]
  ) {
    for (const entry of [{ name, ...file }, { name, gone: true }]) {
      const { status, body } = await ask('journal', { ...journal, entries: [{ name: 'good', ...file }, entry] })
      t.equal(status, 400, JSON.stringify(name))
      t.match(body.errors[0].field, /^entries\.1/)
    }
  }
  t.same(await published(), {})
})

await t.test('what is wrong is named', async (t) => {
  const { ask, id } = await uploadServer(t)
  const many = Array.from({ length: 101 }, () => file)
  for (
    const [route, body, field] of [
      ['upload', { files: [{ ...file, size: -1 }] }, 'files.0.size'],
      ['upload', { files: [file, { ...file, size: 5 * 2 ** 40 + 1 }] }, 'files.1.size'],
      ['upload', { files: [{ ...file, size: '8' }] }, 'files.0.size'],
      ['upload', { files: [{ ...file, sha256: sha256.toUpperCase() }] }, 'files.0.sha256'],
      ['upload', { files: [{ ...file, name: 'a' }] }, 'files.0.name'],
      ['upload', { files: [{ size: 1 }] }, 'files.0.sha256'],
      ['upload', { files: [] }, 'files'],
      ['upload', { files: many }, 'files'],
      ['upload/part', { ...routes[1]![1], number: 0 }, 'number'],
      ['upload/part', { ...routes[1]![1], number: 10_001 }, 'number'],
      ['upload/part', { ...routes[1]![1], part_sha256: 'x' }, 'part_sha256'],
      ['upload/complete', { ...file, upload_id: 'u', parts: ['no digest'] }, 'parts.0'],
      ['drop', { sha256: ['../state'] }, 'sha256.0'],
      ['drop', { sha256: many.map(() => sha256) }, 'sha256'],
      ['progress', { percent: 101, message: null, remaining_seconds: null }, 'percent'],
      ['progress', { percent: 1, message: 'x'.repeat(201), remaining_seconds: null }, 'message'],
      ['progress', { percent: 1, message: null, remaining_seconds: null, at: '' }, 'at'],
      ['journal', { ...journal, entries: Array.from({ length: 501 }, () => journal.entries[0]) }, 'entries'],
      ['journal', { ...journal, page: -1 }, 'page'],
      ['done', { ...done, bytes: undefined }, 'bytes'],
      ['done', { ...done, left_out: [{ name: 'a' }] }, 'left_out.0.reason'],
      ['done', { ...done, left_out: [{ name: 'a', reason: 'x'.repeat(1001) }] }, 'left_out.0.reason']
    ] as const
  ) {
    const { status, body: answer } = await ask(route, body)
    t.equal(status, 400, `${route} ${field}`)
    t.equal(answer.errors[0].field, field)
  }
  for (const attempt of ['x', '', randomUUID().toUpperCase()]) {
    t.equal(
      (await ask('upload', upload, { path: `/job/${id}/attempt/${encodeURIComponent(attempt)}` })).status,
      400,
      `attempt ${attempt}`
    )
  }
})

await t.test('the OpenAPI document says who may ask', async (t) => {
  const document = await makeDocument(documents['result-upload']!) as any
  t.equal(document.components.securitySchemes.job.scheme, 'bearer')
  const operations = Object.values<any>(document.paths).flatMap((path) => Object.values<any>(path))
  t.equal(operations.length, routes.length)
  for (const operation of operations) t.same(operation.security, [{ job: [] }], operation.summary)
})
