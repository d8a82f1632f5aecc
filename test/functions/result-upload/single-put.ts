import { request } from 'node:http'
import t, { type Test } from 'tap'
import { resultKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, getTags } from '../../../shared/store/object-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { sendGrant } from '../../support/send-grant.ts'
import { uploadServer } from '../../support/upload-server.ts'

const bytes = Buffer.from('a result')

async function granted (t: Test, name = 'out.txt', body = bytes) {
  const server = await uploadServer(t)
  const { status, body: grant } = await server.ask('upload', { name, ...contentOf(body) })
  t.equal(status, 200)
  t.equal(grant.state, 'granted')
  return { ...server, grant, key: resultKey(server.id, server.attempt, name) }
}

await t.test('the granted bytes arrive, with the job and the sha256 as tags', async (t) => {
  const { grant, store, key, id, ask } = await granted(t)
  t.equal(await sendGrant(grant, bytes), 200)
  t.same((await getObject(store, key))?.body, bytes)
  t.same(await getTags(store, key), { job: id, sha256: contentOf(bytes).sha256 })
  t.same(
    (await ask('upload', { name: 'out.txt', ...contentOf(bytes) })).body,
    { state: 'stored' },
    'and need not be sent again'
  )
})

await t.test('a grant is good once', async (t) => {
  const { grant } = await granted(t)
  t.equal(await sendGrant(grant, bytes), 200)
  t.equal(await sendGrant(grant, bytes), 412)
})

for (
  const [what, change] of Object.entries({
    'other tags': { 'x-amz-tagging': 'job=other' },
    'no tags': { 'x-amz-tagging': undefined },
    'another checksum': {
      'x-amz-checksum-sha256': Buffer.from(contentOf(Buffer.from('A result')).sha256, 'hex').toString('base64')
    },
    'no checksum': { 'x-amz-checksum-sha256': undefined },
    'leave to overwrite': { 'if-none-match': undefined }
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

await t.test('a grant for one name opens no other', async (t) => {
  const { grant, store, id, attempt } = await granted(t)
  t.equal(await sendGrant({ ...grant, url: grant.url.replace('out.txt', 'other.txt') }, bytes), 403)
  t.equal(await getObject(store, resultKey(id, attempt, 'other.txt')), undefined)
})

await t.test('an empty file is a file', async (t) => {
  const nothing = Buffer.alloc(0)
  const { grant, store, key, ask } = await granted(t, 'empty', nothing)
  t.equal(await sendGrant(grant, nothing), 200)
  t.same((await getObject(store, key))?.body, nothing)
  t.same((await ask('upload', { name: 'empty', ...contentOf(nothing) })).body, { state: 'stored' })
})

await t.test('odd names arrive equal', async (t) => {
  const { ask, store, id, attempt } = await uploadServer(t)
  const names = [
    'with space.txt',
    ' leading and trailing ',
    'a+b',
    '100%',
    '%2e%2e',
    '%41',
    'a#b',
    'what?',
    'a&b=c',
    'Größe.csv',
    'Gro\u0308ße.csv',
    'データ',
    '😀.bin',
    "it's (a) *star*!",
    'a"b',
    'a|b<c>d',
    '~tilde',
    'sub/folder/file',
    'sub/ space /ü+%#?',
    '..dots',
    'dots..',
    'x'.repeat(200)
  ]
  for (const name of names) {
    const { body: grant } = await ask('upload', { name, ...contentOf(bytes) })
    t.equal(await sendGrant(grant, bytes), 200, name)
    t.same((await getObject(store, resultKey(id, attempt, name)))?.body, bytes)
  }
  const { body } = await ask('upload', undefined, { method: 'GET' })
  t.same([...body.names].sort(), [...names].sort())
})

await t.test('a file that has changed after its upload takes the place of the old one', async (t) => {
  const { grant, store, key, ask } = await granted(t)
  t.equal(await sendGrant(grant, bytes), 200)
  const newer = Buffer.from('a result, and more')
  const { body: second } = await ask('upload', { name: 'out.txt', ...contentOf(newer) })
  t.equal(await sendGrant(second, newer), 200)
  t.same((await getObject(store, key))?.body, newer)
  t.equal((await getTags(store, key))['sha256'], contentOf(newer).sha256)
})
