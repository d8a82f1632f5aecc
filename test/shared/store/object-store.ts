import { once } from 'node:events'
import http from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { isProblem } from '../../../shared/http/problem.ts'
import {
  getObject,
  getTags,
  headObject,
  listAll,
  listObjects,
  putObject,
  removeObject,
  streamObject
} from '../../../shared/store/object-store.ts'
import { openStore, type Store } from '../../../shared/store/open-store.ts'
import { storeErrors } from '../../../shared/telemetry/metrics.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { httpServer } from '../../support/http-server.ts'
import { testStore } from '../../support/store.ts'

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

/** What every operation makes of a store, by name. */
const operations: Record<string, (store: Store) => Promise<unknown>> = {
  create: async (store) => await putObject(store, 'a', '{}', { a: 'b' }, { ifNoneMatch: '*' }),
  advance: async (store) => await putObject(store, 'a', '{}', {}, { ifMatch: '"e"' }),
  put: async (store) => await putObject(store, 'a', '', {}, 'unconditional'),
  get: async (store) => await getObject(store, 'a'),
  head: async (store) => await headObject(store, 'a'),
  tags: async (store) => await getTags(store, 'a'),
  remove: async (store) => await removeObject(store, 'a'),
  list: async (store) => await listObjects(store, { prefix: '', tags: true })
}

function storeAt (url: string, silenceMs?: number): Store {
  return openStore({
    S3_ENDPOINT: url,
    S3_ACCESS_KEY: 'access',
    S3_SECRET_KEY: 'hidden secret',
    S3_BUCKET: 'bucket',
    S3_REGION: 'us-east-1'
  }, silenceMs)
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

async function isDown (t: Test, store: Store, names = Object.keys(operations)): Promise<void> {
  for (const name of names) {
    const outcome = await operations[name]!(store).catch((error: unknown) => error)
    t.ok(isProblem(outcome, 'store-unavailable'), `${name}: ${String(outcome)}`)
    if (isProblem(outcome)) t.match(outcome, { problem: { status: 503 }, headers: { 'retry-after': '5' } })
  }
}

await t.test('what is put is there, with its tags, until it is removed', async (t) => {
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

await t.test('of many at once exactly one wins', async (t) => {
  const { settings } = await testStore(t)
  // SeaweedFS lets those who come at once wait for each other, whole seconds at times.
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

await t.test('tags are text, whatever they look like', async (t) => {
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
  t.same(await getTags(store, 'a'), {}, 'they go with the body that they came with')
})

await t.test('keys of every kind come back equal', async (t) => {
  const store = await testStore(t)
  await Promise.all(
    oddKeys.map(async (key) =>
      await putObject(store, `p/${key}`, key, { n: `${oddKeys.indexOf(key)}` }, 'unconditional')
    )
  )
  const { objects, more } = await listObjects(store, { prefix: 'p/', tags: true })
  t.notOk(more)
  t.same(
    objects.map(({ key }) => key),
    oddKeys.map((key) => `p/${key}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    'in the order of their bytes'
  )
  for (const { key, size, etag, tags } of objects) {
    const name = key.slice(2)
    t.same({ size, tags }, { size: Buffer.byteLength(name), tags: { n: `${oddKeys.indexOf(name)}` } }, name)
    t.equal((await getObject(store, key))?.body.toString(), name)
    t.equal((await headObject(store, key))?.etag, etag, 'the ETag is the same from everywhere')
    await removeObject(store, key)
  }
  t.same((await listObjects(store, { prefix: 'p/', tags: false })).objects, [])
})

await t.test('a folder is no object', async (t) => {
  const store = await testStore(t)
  await putObject(store, 'sub/a', '', {}, 'unconditional')
  t.equal(await headObject(store, 'sub'), undefined)
  t.equal(await getObject(store, 'sub'), undefined)
  t.same(await getTags(store, 'sub'), {})
})

await t.test('a listing comes in pages, in order, with tags or without', async (t) => {
  const store = await testStore(t)
  const keys = Array.from({ length: 25 }, (_, i) => `p/${String(i).padStart(3, '0')}`)
  await Promise.all(
    [...keys, 'o', 'q/1'].map(async (key) => await putObject(store, key, key, { key }, 'unconditional'))
  )
  for (const tags of [true, false]) {
    const pages: string[][] = []
    let after = ''
    for (let more = true; more;) {
      const page = await listObjects(store, { prefix: 'p/', limit: 10, tags, after })
      pages.push(page.objects.map(({ key }) => key))
      for (const object of page.objects) t.same(object.tags, tags ? { key: object.key } : {})
      after = page.objects.at(-1)!.key
      more = page.more
    }
    t.same(pages, [keys.slice(0, 10), keys.slice(10, 20), keys.slice(20)])
  }
  t.same(
    (await listObjects(store, { prefix: 'p/', after: 'p/0115', tags: false, limit: 2 })).objects.map(({ key }) => key),
    ['p/012', 'p/013'],
    'after a key that is not there'
  )
  const exact = await listObjects(store, { prefix: 'p/', limit: 25, tags: false })
  t.match(exact, { more: false }, 'a full last page is the last one')
  t.same(await listObjects(store, { prefix: 'none/', tags: true }), { objects: [], more: false })
  const all = []
  for await (const { key } of listAll(store, '', { tags: false })) all.push(key)
  t.same(all, ['o', ...keys, 'q/1'])
})

/** As MinIO lists with `metadata=true`; the form-encoded tags and the ETag are escaped once more for XML. */
const minioListing = (count: number): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix></Prefix><KeyCount>${count}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>${
    Array.from(
      { length: count },
      (_, i) =>
        `<Contents><Key>state/a+b%2B${i}</Key><ETag>&#34;e${i}&#34;</ETag><Size>5</Size><UserTags>state=running&amp;n=007&amp;time=12%3A58+x%2F%3D</UserTags><UserMetadata><content-type>a</content-type></UserMetadata></Contents>`
    ).join('')
  }</ListBucketResult>`

await t.test('a whole page of a store that sends the tags along is one request', async (t) => {
  const { url, received } = await httpServer(
    t,
    (_, response) => response.writeHead(200, { 'content-type': 'application/xml' }).end(minioListing(1000))
  )
  const { objects, more } = await listObjects(storeAt(url), { prefix: 'state/', tags: true })
  t.equal(received.length, 1)
  t.ok(more)
  t.equal(objects.length, 1000)
  t.same(objects[999], {
    key: 'state/a b+999',
    size: 5,
    etag: '"e999"',
    tags: { state: 'running', n: '007', time: '12:58 x/=' }
  })
})

await t.test('a page with nothing on it is the last one, whatever it says', async (t) => {
  const { url } = await httpServer(
    t,
    (_, response) => response.writeHead(200, { 'content-type': 'application/xml' }).end(minioListing(0))
  )
  t.same(await listObjects(storeAt(url), { prefix: '', tags: true }), { objects: [], more: false })
})

await t.test('the bytes of one version of an object, whole and in part', async (t) => {
  const store = await testStore(t)
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
  const etag = (await putObject(store, 'a', body, {}, 'unconditional'))!
  t.same(await buffer((await streamObject(store, 'a', etag))!), body)
  for (const [start, end] of [[0, 0], [5, 9], [299_999, 299_999], [1, 299_998]] as const) {
    t.same(
      await buffer((await streamObject(store, 'a', etag, { start, end }))!),
      body.subarray(start, end + 1),
      `${start}-${end}`
    )
  }
  t.equal(await streamObject(store, 'b', etag), undefined, 'no such object')
  await putObject(store, 'a', 'other', {}, 'unconditional')
  t.equal(await streamObject(store, 'a', etag), undefined, 'another version')
  t.equal(await streamObject(store, 'a', etag, { start: 0, end: 1 }), undefined)
})

/** A HEAD that is answered with 404 says no more than that. */
const allButHead = Object.keys(operations).filter((name) => name !== 'head')

await t.test('a bucket that is not there is neither a missing object nor an unmet condition', async (t) => {
  const { url } = await httpServer(
    t,
    (_, response) =>
      response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchBucket</Code></Error>')
  )
  await isDown(t, storeAt(url), allButHead)
  const { settings } = await testStore(t)
  await isDown(t, openStore({ ...settings, S3_BUCKET: `${settings.S3_BUCKET}-missing` }), ['get', 'tags', 'list'])
})

await t.test('nor is a 404 of somebody who is no store', async (t) => {
  for (
    const body of ['', '404 page not found', '<html><body>Nothing here</body></html>', '<Error/>', '<Error>no</Error>']
  ) {
    const { url } = await httpServer(t, (_, response) => response.writeHead(404).end(body))
    await isDown(t, storeAt(url), allButHead)
  }
})

await t.test('a listing that is none is a store that is down', async (t) => {
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
      listing('<Contents><Key>a</Key><Size>many</Size><ETag>e</ETag></Contents>')
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

await t.test('keys that are wrong are refused like a store that is down', async (t) => {
  const { settings } = await testStore(t)
  await isDown(t, openStore({ ...settings, S3_SECRET_KEY: 'wrong' }))
})

await t.test('a store that nobody listens for is down', async (t) => {
  await isDown(t, storeAt(await closedUrl()))
})

await t.test('a store that takes the call and says nothing is down', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {}).resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  await isDown(t, storeAt(urlOf(server), 50))
})

await t.test('a store that falls silent or breaks off in the middle is down', async (t) => {
  for (const stop of ['silence', 'break'] as const) {
    const { url } = await httpServer(t, (_, response) => {
      response.writeHead(200, { 'content-length': 100, etag: '"e"' }).write('half of it', () => {
        if (stop === 'break') response.destroy()
      })
    })
    await isDown(t, storeAt(url, 50), ['create', 'put', 'get', 'tags', 'list'])
  }
})

await t.test('a store that answers nonsense is down', async (t) => {
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

await t.test('what fails is counted, by what was asked for and how it failed', async (t) => {
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
  }, 'not what is an ordinary answer')
})

await t.test('a connection that nobody uses for a while goes without a word', async (t) => {
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

await t.test('a reader who takes his time is not a silent store', async (t) => {
  const { url } = await httpServer(t, async (_, response) => {
    response.writeHead(200, { etag: '"e"', 'content-length': 4 }).write('ab')
    await sleep(400)
    response.end('cd')
  })
  const stream = (await streamObject(storeAt(url, 200), 'a', '"e"'))!
  t.equal(await text(stream), 'abcd')
})
