import { once } from 'node:events'
import http from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { buffer } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { completeMultipart } from '../../../functions/result-upload/multipart/multipart.ts'
import { isProblem } from '../../../shared/http/problem.ts'
import {
  getObject,
  getTags,
  headObject,
  listObjects,
  putObject,
  removeObject,
  streamObject
} from '../../../shared/store/object-store.ts'
import { openStore, type Store } from '../../../shared/store/open-store.ts'
import { abortMultipart, listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { storeErrors } from '../../../shared/telemetry/metrics.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { httpServer } from '../../support/http-server.ts'
import { storeAt, testStore } from '../../support/store.ts'

const oddKeys = [
  'plain',
  'a b',
  ' a',
  'a+b',
  '100%',
  '%2e',
  'a#b',
  'a?b=c',
  'a&b',
  'Übung/größe.txt',
  'e\u0301',
  '🚗',
  'a;b',
  "it's",
  '(1)*!~',
  'a=b',
  'a:b@c',
  'a"b',
  '<a>',
  'a,b',
  'sub/a',
  'sub/b/c',
  'x'.repeat(200)
]

/** Every operation of the store, by name. */
const operations: Record<string, (store: Store) => Promise<unknown>> = {
  create: async (store) => await putObject(store, 'a', '{}', { a: 'b' }, { ifNoneMatch: '*' }),
  advance: async (store) => await putObject(store, 'a', '{}', {}, { ifMatch: '"e"' }),
  put: async (store) => await putObject(store, 'a', '', {}, 'unconditional'),
  get: async (store) => await getObject(store, 'a'),
  head: async (store) => await headObject(store, 'a'),
  tags: async (store) => await getTags(store, 'a'),
  remove: async (store) => await removeObject(store, 'a'),
  list: async (store) => await listObjects(store, { prefix: '', tags: true }),
  stream: async (store) => await streamObject(store, 'a'),
  'stream a range': async (store) => await streamObject(store, 'a', { etag: '"e"', range: { start: 0, end: 1 } }),
  uploads: async (store) => await listUploads(store, ''),
  'abort an upload': async (store) => await abortMultipart(store, 'a', 'id'),
  'complete an upload': async (store) => await completeMultipart(store, 'a', 'id', [])
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

async function isDown (t: Test, store: Store, names = Object.keys(operations)): Promise<void> {
  for (const name of names) {
    const outcome = await operations[name]!(store).catch((error: unknown) => error)
    t.ok(isProblem(outcome, 'store-unavailable'), `${name}: ${String(outcome)}`)
    if (isProblem(outcome)) t.match(outcome, { problem: { status: 503 }, headers: { 'retry-after': '5' } })
  }
}

await t.test('an object has the bytes and the tags that were put, until it is removed', async (t) => {
  const store = await testStore(t)
  for (
    const [key, body] of [['text', 'größer als 🚗'], ['empty', ''], [
      'bytes',
      Buffer.from([0, 255, 13, 10, 0])
    ]] as const
  ) {
    const etag = await putObject(store, key, body, { state: 'running' }, 'unconditional', 'text/plain')
    const found = await getObject(store, key)
    t.same(found!.body, Buffer.from(body))
    t.match(etag, /^".+"$/)
    t.equal(found!.etag, etag)
    t.match(await headObject(store, key), { size: Buffer.byteLength(body), etag: etag!, lastModified: /GMT$/ })
    t.same(await getTags(store, key), { state: 'running' })
    await removeObject(store, key)
    t.equal(await getObject(store, key), undefined)
    t.equal(await headObject(store, key), undefined)
    t.same(await getTags(store, key), {})
    await removeObject(store, key)
  }
})

await t.test('a condition that does not hold changes nothing', async (t) => {
  const store = await testStore(t)
  t.equal(await putObject(store, 'a', '0', {}, { ifMatch: '"nothing"' }), undefined, 'nothing to match')
  const first = await putObject(store, 'a', '1', { n: '1' }, { ifNoneMatch: '*' })
  t.equal(await putObject(store, 'a', '2', { n: '2' }, { ifNoneMatch: '*' }), undefined, 'there is one')
  const second = await putObject(store, 'a', '3', { n: '3' }, { ifMatch: first! })
  t.not(second, first)
  t.equal(await putObject(store, 'a', '4', { n: '4' }, { ifMatch: first! }), undefined, 'not the newest')
  t.same((await getObject(store, 'a'))!.body.toString(), '3')
  t.same(await getTags(store, 'a'), { n: '3' })
})

await t.test('of many writers at once exactly one wins', async (t) => {
  const { settings } = await testStore(t)
  // SeaweedFS lets concurrent writers wait for each other, sometimes for seconds.
  const store = openStore(settings, 60_000)
  const writers = ['0', '1', '2', '3']
  const created = await Promise.all(
    writers.map(async (by) => await putObject(store, 'a', by, { by }, { ifNoneMatch: '*' }))
  )
  const [etag, ...more] = created.filter((one) => one !== undefined)
  t.same(more, [])
  const advanced = await Promise.all(
    writers.map(async (by) => await putObject(store, 'a', `next ${by}`, { by }, { ifMatch: etag! }))
  )
  t.equal(advanced.filter((one) => one !== undefined).length, 1)
  const winner = String(advanced.findIndex((one) => one !== undefined))
  t.equal((await getObject(store, 'a'))!.body.toString(), `next ${winner}`)
  t.same(await getTags(store, 'a'), { by: winner }, 'body and tags are of one writer')
})

await t.test('tags are text, also those that look like numbers', async (t) => {
  const store = await testStore(t)
  const tags = {
    n: '007',
    hex: '0x10',
    yes: 'true',
    time: '2026-11-22T12:58:20.123Z',
    signs: 'a b+c-d=e.f_g:h/i@j',
    long: 'x'.repeat(256),
    'k y+': '1.0'
  }
  await putObject(store, 'a', '', tags, 'unconditional')
  t.same(await getTags(store, 'a'), tags)
  t.same((await listObjects(store, { prefix: '', tags: true })).objects[0]!.tags, tags)
  await putObject(store, 'a', 'again', {}, 'unconditional')
  t.same(await getTags(store, 'a'), {}, 'the next body does not keep them')
})

await t.test('keys with any characters are stored, listed and read as they are', async (t) => {
  const store = await testStore(t)
  await Promise.all(
    oddKeys.map(async (key) =>
      await putObject(store, `p/${key}`, key, { n: `${oddKeys.indexOf(key)}` }, 'unconditional')
    )
  )
  const { objects, next } = await listObjects(store, { prefix: 'p/', tags: true })
  t.equal(next, undefined)
  t.same(objects.map(({ key }) => key).sort(), oddKeys.map((key) => `p/${key}`).sort())
  for (const { key, size, etag, tags } of objects) {
    const name = key.slice(2)
    t.same({ size, tags }, { size: Buffer.byteLength(name), tags: { n: `${oddKeys.indexOf(name)}` } }, name)
    t.equal((await getObject(store, key))?.body.toString(), name)
    t.equal((await headObject(store, key))?.etag, etag, 'the ETag is the same in all answers')
    await removeObject(store, key)
  }
  t.same((await listObjects(store, { prefix: 'p/', tags: false })).objects, [])
})

await t.test('a folder is not an object', async (t) => {
  const store = await testStore(t)
  await putObject(store, 'sub/a', '', {}, 'unconditional')
  t.equal(await headObject(store, 'sub'), undefined)
  t.equal(await getObject(store, 'sub'), undefined)
  t.same(await getTags(store, 'sub'), {})
})

await t.test('the bytes of one version of an object can be read as a whole and in part', async (t) => {
  const store = await testStore(t)
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
  const etag = (await putObject(store, 'a', body, {}, 'unconditional'))!
  t.same(await buffer((await streamObject(store, 'a'))!), body)
  t.same(await buffer((await streamObject(store, 'a', { etag }))!), body)
  for (const [start, end] of [[0, 0], [5, 9], [299_999, 299_999], [1, 299_998]] as const) {
    t.same(
      await buffer((await streamObject(store, 'a', { etag, range: { start, end } }))!),
      body.subarray(start, end + 1),
      `${start}-${end}`
    )
  }
  t.equal(await streamObject(store, 'b'), undefined, 'no such object')
  t.equal(await streamObject(store, 'b', { etag }), undefined, 'no such object')
  await putObject(store, 'a', 'other', {}, 'unconditional')
  t.equal(await streamObject(store, 'a', { etag }), undefined, 'another version')
  t.equal(await streamObject(store, 'a', { etag, range: { start: 0, end: 1 } }), undefined)
})

/** The answer to a HEAD has no body that could say more than 404. */
const allButHead = Object.keys(operations).filter((name) => name !== 'head')

await t.test('a missing bucket is neither a missing object nor an unmet condition', async (t) => {
  const { url } = await httpServer(
    t,
    (_, response) =>
      response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchBucket</Code></Error>')
  )
  await isDown(t, storeAt(url), allButHead)
  const { settings } = await testStore(t)
  await isDown(t, openStore({ ...settings, S3_BUCKET: `${settings.S3_BUCKET}-missing` }), ['get', 'tags', 'list'])
})

await t.test('a 404 without an S3 error is not a missing object', async (t) => {
  for (
    const body of ['', '404 page not found', '<html><body>Nothing here</body></html>', '<Error/>', '<Error>no</Error>']
  ) {
    const { url } = await httpServer(t, (_, response) => response.writeHead(404).end(body))
    await isDown(t, storeAt(url), allButHead)
  }
})

await t.test('a listing that is not valid counts as a store that is down', async (t) => {
  const listing = (object: string): string =>
    `<ListBucketResult><EncodingType>url</EncodingType>${object}</ListBucketResult>`
  for (
    const body of [
      '<ListBucketResult>hello</ListBucketResult>',
      listing('<Contents/>'),
      listing('<Contents><Size>1</Size><ETag>e</ETag></Contents>'),
      listing('<Contents><Key>%zz</Key><Size>1</Size><ETag>e</ETag></Contents>'),
      listing('<Contents><Key>%ff</Key><Size>1</Size><ETag>e</ETag></Contents>'),
      listing('<Contents><Key>a</Key><ETag>e</ETag></Contents>'),
      listing('<Contents><Key>a</Key><Size>many</Size><ETag>e</ETag></Contents>'),
      listing('<IsTruncated>true</IsTruncated>'),
      listing('<IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>')
    ]
  ) {
    t.comment(body)
    const { url } = await httpServer(
      t,
      (_, response) => response.writeHead(200, { 'content-type': 'application/xml' }).end(body)
    )
    await isDown(t, storeAt(url), ['list'])
  }
})

await t.test('a 409 or 412 without an S3 error is not an unmet condition', async (t) => {
  const conditional = ['create', 'advance', 'stream a range', 'complete an upload']
  for (const [status, body] of [[412, ''], [412, '<html>no</html>'], [409, 'conflict'], [400, 'bad request']] as const) {
    const { url } = await httpServer(t, (_, response) => response.writeHead(status).end(body))
    await isDown(t, storeAt(url), conditional)
  }
  for (const status of [409, 412]) {
    const { url } = await httpServer(
      t,
      (_, response) => response.writeHead(status).end('<Error><Code>PreconditionFailed</Code></Error>')
    )
    t.equal(await operations['create']!(storeAt(url)), undefined)
    t.equal(await operations['advance']!(storeAt(url)), undefined)
  }
})

await t.test('wrong credentials count as a store that is down', async (t) => {
  const { settings } = await testStore(t)
  await isDown(t, openStore({ ...settings, S3_SECRET_KEY: 'wrong' }))
})

await t.test('an address without a server counts as a store that is down', async (t) => {
  await isDown(t, storeAt(await closedUrl()))
})

await t.test('a store that accepts the connection and sends nothing counts as down', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {}).resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  await isDown(t, storeAt(urlOf(server), 50))
})

await t.test('a store that falls silent or breaks off within an answer counts as down', async (t) => {
  for (const stop of ['silence', 'break'] as const) {
    const { url } = await httpServer(t, (_, response) => {
      response.writeHead(200, { 'content-length': 100, etag: '"e"' }).write('half of it', () => {
        if (stop === 'break') response.destroy()
      })
    })
    await isDown(t, storeAt(url, 50), ['create', 'put', 'get', 'tags', 'list', 'uploads', 'complete an upload'])
  }
})

await t.test('a store whose answer is not an S3 answer counts as down', async (t) => {
  for (
    const [status, body] of [
      [200, 'hello'],
      [200, ''],
      [200, '<ListBucketResult><Contents>'],
      [200, '<Error><Code>SlowDown</Code></Error>'],
      [200, '<html><body>Log in</body></html>'],
      [302, ''],
      [403, '<Error><Code>AccessDenied</Code></Error>'],
      [500, 'hello'],
      [500, '<Error><Code>InternalError</Code></Error>'],
      [503, '<Error><Code>SlowDown</Code></Error>']
    ] as const
  ) {
    t.comment(`${status} ${body}`)
    const { url } = await httpServer(
      t,
      (_, response) => response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
    )
    await isDown(t, storeAt(url))
  }
})

await t.test('failures are counted by operation and status', async (t) => {
  const counted = async (): Promise<Map<string, number>> =>
    new Map(
      (await storeErrors.get()).values.map((
        { labels: { operation = '', status }, value }
      ) => [`${operation} ${status}`, value])
    )
  const before = await counted()
  const answers = async (status: number, body = ''): Promise<Store> =>
    storeAt((await httpServer(t, (_, response) => response.writeHead(status).end(body))).url)
  const fails = async (store: Store, name: string): Promise<void> => {
    await t.rejects(operations[name]!(store))
  }
  await fails(await answers(403, '<Error><Code>AccessDenied</Code></Error>'), 'get')
  await fails(await answers(503), 'put')
  await fails(await answers(503), 'put')
  await fails(storeAt(await closedUrl()), 'list')
  await fails(await answers(200, 'hello'), 'tags')
  const missing = '<Error><Code>NoSuchKey</Code></Error>'
  t.equal(await operations['get']!(await answers(404, missing)), undefined)
  t.equal(await operations['create']!(await answers(412, missing)), undefined)
  const gained = [...await counted()].map(([what, count]) => [what, count - (before.get(what) ?? 0)] as const).filter((
    [, count]
  ) => count > 0)
  t.strictSame(Object.fromEntries(gained), {
    'GetObject 4xx': 1,
    'PutObject 5xx': 2,
    'ListObjectsV2 none': 1,
    ' unreadable': 1
  }, 'ordinary answers are not counted')
})

await t.test('an idle connection closes without an error', async (t) => {
  const server = http.createServer((_, response) => {
    response.writeHead(200, { etag: '"e"' }).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const store = storeAt(urlOf(server), 200)
  const closed = once(server, 'connection').then(async ([socket]) => await once(socket, 'close'))
  await getObject(store, 'a')
  await closed
  t.equal((await getObject(store, 'a'))?.etag, '"e"', 'and the next request has a new one')
})
