import { request } from 'node:http'
import t, { type Test } from 'tap'
import { contentKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, getTags } from '../../../shared/store/object-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { sendGrant } from '../../support/send-grant.ts'
import { uploadServer } from '../../support/upload-server.ts'

const bytes = Buffer.from('a result')

async function granted (t: Test, body = bytes) {
  const server = await uploadServer(t)
  const content = contentOf(body)
  const { status, body: { uploads: [grant] } } = await server.ask('upload', { files: [content] })
  t.equal(status, 200)
  t.equal(grant.state, 'granted')
  return { ...server, grant, key: contentKey(server.id, server.attempt, content.sha256) }
}

await t.test('the granted bytes arrive under their digest, without tags', async (t) => {
  const { grant, store, key } = await granted(t)
  t.equal(await sendGrant(grant, bytes), 200)
  t.same((await getObject(store, key))?.body, bytes)
  t.same(await getTags(store, key), {})
})

await t.test('a grant is good once: the second time the store says that the content is there', async (t) => {
  const { grant, ask } = await granted(t)
  t.equal(await sendGrant(grant, bytes), 200)
  t.equal(await sendGrant(grant, bytes), 412)
  const { body: { uploads: [again] } } = await ask('upload', { files: [contentOf(bytes)] })
  t.equal(await sendGrant(again, bytes), 412, 'also with a new grant')
})

for (
  const [what, change] of Object.entries({
    'another checksum': {
      'x-amz-checksum-sha256': Buffer.from(contentOf(Buffer.from('A result')).sha256, 'hex').toString('base64')
    },
    'no checksum': { 'x-amz-checksum-sha256': undefined },
    'leave to overwrite': { 'if-none-match': undefined },
    'another condition': { 'if-none-match': '"etag"' }
  })
) {
  await t.test(`with ${what} the store refuses`, async (t) => {
    const { grant, store, key } = await granted(t)
    const headers = Object.fromEntries(
      Object.entries({ ...grant.headers, ...change }).filter(([, value]) => value !== undefined)
    ) as Record<string, string>
    t.match(await sendGrant({ ...grant, headers }, bytes), /^40[03]$/)
    t.equal(await getObject(store, key), undefined)
  })
}

await t.test('other bytes of the same size are refused', async (t) => {
  const { grant, store, key } = await granted(t)
  t.equal(await sendGrant(grant, Buffer.from('A result')), 400)
  t.equal(await getObject(store, key), undefined)
})

await t.test('another size is refused', async (t) => {
  const { grant, store, key } = await granted(t)
  const longer = Buffer.from('a result and more')
  // fetch would notice that the header is not the body's size.
  const status = await new Promise((resolve, reject) => {
    request(
      grant.url,
      { method: 'PUT', headers: { ...grant.headers, 'content-length': longer.length } },
      (response) => {
        response.resume()
        resolve(response.statusCode)
      }
    ).on('error', reject).end(longer)
  })
  t.equal(status, 403)
  t.equal(await getObject(store, key), undefined)
})

for (
  const [what, keyOf] of Object.entries({
    'another content': (id: string, attempt: string) => contentKey(id, attempt, contentOf(Buffer.from('x')).sha256),
    'another attempt': (id: string) => contentKey(id, '00000000-0000-4000-8000-000000000000', contentOf(bytes).sha256),
    'the record of the job': (id: string) => `state/${id}.json`
  })
) {
  await t.test(`a grant opens no other key: ${what}`, async (t) => {
    const { grant, store, key, id, attempt } = await granted(t)
    const other = keyOf(id, attempt)
    const before = await getObject(store, other)
    t.ok(grant.url.includes(key))
    t.equal(await sendGrant({ ...grant, url: grant.url.replace(key, other) }, bytes), 403)
    t.same(await getObject(store, other), before)
  })
}

await t.test('an empty file is a file', async (t) => {
  const nothing = Buffer.alloc(0)
  const { grant, store, key } = await granted(t, nothing)
  t.equal(await sendGrant(grant, nothing), 200)
  t.same((await getObject(store, key))?.body, nothing)
})

await t.test('each file of a request has its own answer, in order', async (t) => {
  const { ask, contents } = await uploadServer(t)
  const bodies = Array.from({ length: 100 }, (_, at) => Buffer.from(`result ${at}`))
  const { body: { uploads } } = await ask('upload', { files: bodies.map(contentOf) })
  t.equal(uploads.length, 100)
  t.same(await Promise.all(bodies.map(async (body, at) => await sendGrant(uploads[at], body))), bodies.map(() => 200))
  t.same(await contents(), bodies.map((body) => contentOf(body).sha256).sort())
})

await t.test('before a grant of a larger file the store is asked, and a stored one is not sent again', async (t) => {
  const large = Buffer.alloc(2 ** 20, 'large')
  const { grant, ask } = await granted(t, large)
  t.equal(await sendGrant(grant, large), 200)
  t.same((await ask('upload', { files: [contentOf(large)] })).body, { uploads: [{ state: 'stored' }] })
})
