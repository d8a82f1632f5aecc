import { randomUUID } from 'node:crypto'
import t from 'tap'
import { jobToken } from '../../../shared/access/job-token.ts'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { expiryKey } from '../../../shared/store/bucket-layout.ts'
import { listAll } from '../../../shared/store/object-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { runningJob, uploadServer } from '../../support/upload-server.ts'

const file = { name: 'out.txt', ...contentOf(Buffer.from('a result')) }
const { sha256 } = file

/** Every route with a request that is good as such. */
const routes: [string, string, unknown][] = [
  ['POST', 'upload', file],
  ['POST', 'upload/part', { name: 'a', upload_id: 'u', number: 1, size: 1, sha256 }],
  ['POST', 'upload/complete', { ...file, upload_id: 'u', parts: [sha256] }],
  ['GET', 'upload', undefined],
  ['DELETE', 'upload?name=a', undefined],
  ['POST', 'done', { files: 0, bytes: 0 }]
]

await t.test('no route answers without the token of just this job', async (t) => {
  const { store, tokenKey, token, ask, url, path } = await uploadServer(t)
  const other = await runningJob(store, tokenKey)
  for (const [method, route, body] of routes) {
    for (const wrong of ['', 'x', token.slice(1), token + 'x', other.token, jobToken('k'.repeat(32), other.id)]) {
      const { status, headers, body: answer } = await ask(route, body, { method, token: wrong })
      t.equal(status, 401, `${method} ${route}`)
      t.equal(answer.type, 'urn:gx4ki:problem:unauthorized')
      t.equal(headers.get('www-authenticate'), 'Bearer')
      t.match(headers.get('content-type'), /^application\/problem\+json/)
    }
  }
  const naked = await fetch(`${url}${path}/upload`)
  t.equal(naked.status, 401, 'nor without any')
  t.equal((await naked.json() as { type: string }).type, 'urn:gx4ki:problem:unauthorized')
})

await t.test('a job that is not there looks like a wrong token', async (t) => {
  const { tokenKey, ask } = await uploadServer(t)
  const id = newJobId()
  const { status, body } = await ask('upload', file, {
    path: `/job/${id}/attempt/${randomUUID()}`,
    token: jobToken(tokenKey, id)
  })
  t.equal(status, 401)
  t.notOk(body.job_uuid)
})

await t.test('after the end of the job its token opens nothing', async (t) => {
  const { store, id, ask } = await uploadServer(t)
  const ended = await advanceRecord(store, id, (record) => advance(record, { state: 'failed' }, new Date()))
  for (const [method, route, body] of routes) {
    const { status, body: answer } = await ask(route, body, { method })
    t.equal(status, 403, `${method} ${route}`)
    t.equal(answer.type, 'urn:gx4ki:problem:job-ended')
  }
  const keys = []
  for await (const { key } of listAll(store, '', { tags: false })) keys.push(key)
  t.same(keys, [expiryKey(ended!.expires_at!, id), `state/${id}.json`], 'and nothing was left by the tries')
})

await t.test('a job that is just stopping may still bring its results home', async (t) => {
  const { store, id, ask } = await uploadServer(t)
  await advanceRecord(
    store,
    id,
    (record) => advance(record, { stop: { reason: 'CancelRequested', at: new Date().toISOString() } }, new Date())
  )
  t.equal((await ask('upload', file)).status, 200)
})

await t.test('names that could leave the folder are refused, by name', async (t) => {
  const { ask } = await uploadServer(t)
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
      'ü'.repeat(451)
    ]
  ) {
    for (
      const [method, route, body] of [
        ['POST', 'upload', { ...file, name }],
        ['POST', 'upload/part', { name, upload_id: 'u', number: 1, size: 1, sha256 }],
        ['POST', 'upload/complete', { ...file, name, upload_id: 'u', parts: [] }],
        ['GET', `upload?cursor=${encodeURIComponent(name)}`, undefined],
        ['DELETE', `upload?name=${encodeURIComponent(name)}`, undefined]
      ] as const
    ) {
      const { status, body: answer } = await ask(route, body, { method })
      t.equal(status, 400, `${method} ${route} ${JSON.stringify(name)}`)
      t.equal(answer.errors[0].field, method === 'GET' ? 'cursor' : 'name')
    }
  }
})

await t.test('what is wrong is named', async (t) => {
  const { ask, id } = await uploadServer(t)
  for (
    const [route, body, field] of [
      ['upload', { ...file, size: -1 }, 'size'],
      ['upload', { ...file, size: 5 * 2 ** 40 + 1 }, 'size'],
      ['upload', { ...file, size: '8' }, 'size'],
      ['upload', { ...file, sha256: sha256.toUpperCase() }, 'sha256'],
      ['upload', { ...file, more: 1 }, 'more'],
      ['upload', { name: 'a', size: 1 }, 'sha256'],
      ['upload/part', { name: 'a', upload_id: 'u', number: 0, size: 1, sha256 }, 'number'],
      ['upload/part', { name: 'a', upload_id: 'u', number: 10_001, size: 1, sha256 }, 'number'],
      ['upload/complete', { ...file, upload_id: 'u', parts: ['no digest'] }, 'parts.0'],
      ['done', { files: 1 }, 'bytes']
    ] as const
  ) {
    const { status, body: answer } = await ask(route, body)
    t.equal(status, 400, `${route} ${field}`)
    t.equal(answer.errors[0].field, field)
  }
  for (const attempt of ['x', '', randomUUID().toUpperCase()]) {
    t.equal(
      (await ask('upload', file, { path: `/job/${id}/attempt/${encodeURIComponent(attempt)}` })).status,
      400,
      `attempt ${attempt}`
    )
  }
})

await t.test('the OpenAPI document says who may ask', async (t) => {
  const { url } = await uploadServer(t)
  const document = await (await fetch(`${url}/openapi.json`)).json() as any
  t.equal(document.components.securitySchemes.job.scheme, 'bearer')
  const operations = Object.values<any>(document.paths).flatMap((path) => Object.values<any>(path))
  t.equal(operations.length, routes.length)
  for (const operation of operations) t.same(operation.security, [{ job: [] }], operation.summary)
})
