import t, { type Test } from 'tap'
import { isProblem } from '../../../shared/http/problem.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import {
  contentKey,
  journalKey,
  journalPageKey,
  manifestKey,
  manifestPageKey,
  multipartKey,
  STATE_PREFIX,
  stateKey,
  uploadsPrefix
} from '../../../shared/store/bucket-layout.ts'
import {
  inBatches,
  listAll,
  listObjects,
  putObject,
  removeObject,
  type StoredObject
} from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { allOf } from '../../support/all-of.ts'
import { httpServer } from '../../support/http-server.ts'
import { storeAt, testStore } from '../../support/store.ts'

/** MinIO counts wrongly in these, when a listing begins after a key within `a/`: some sort before `a/`. */
const AROUND_A_FOLDER = ['a!b', 'a+b/x', 'a-b', 'a..b/c', 'a.txt', 'a/b', 'a/c/d']
/** The frames of a recording, beside a folder with their descriptions. */
const FRAMES = Array.from({ length: 120 }, (_, i) => String(i).padStart(6, '0'))
  .flatMap((frame) => [`frame-${frame}.png`, `frame/${frame}.txt`])

async function put (
  store: Store,
  prefix: string,
  names: string[],
  tagged = false
): Promise<void> {
  await inBatches(names, async (name) =>
    await putObject(store, prefix + name, name, tagged ? { n: String(names.indexOf(name)) } : {}, 'unconditional'))
}

/** All pages of a listing, each with the objects that it has. */
async function pagesOf (
  store: Store,
  listing: { prefix: string, limit: number, tags?: boolean, after?: string }
): Promise<StoredObject[][]> {
  const pages: StoredObject[][] = []
  let cursor: string | undefined
  do {
    const { objects, next } = await listObjects(store, { tags: false, ...listing, cursor })
    pages.push(objects)
    cursor = next
  } while (cursor !== undefined)
  return pages
}

async function isComplete (
  t: Test,
  store: Store,
  prefix: string,
  names: string[],
  limits: number[]
): Promise<void> {
  for (const limit of limits) {
    const pages = await pagesOf(store, { prefix, limit })
    t.strictSame(
      pages.flat().map(({ key }) => key.slice(prefix.length)).sort(),
      names.toSorted(),
      `${names.length} keys in pages of ${limit}`
    )
    t.ok(pages.every(({ length }) => length <= limit), `no page has more than ${limit}`)
  }
}

await t.test('pages of any size have every key once, also where keys sort before the slash of a folder', async (t) => {
  const store = await testStore(t)
  await put(store, 'p/', AROUND_A_FOLDER)
  await put(store, 'p.txt/', ['not below the prefix'])
  await isComplete(t, store, 'p/', AROUND_A_FOLDER, [1, 2, 3, 5, 6, 7, 8])
})

await t.test('files and a folder of the same name are listed completely in many pages', async (t) => {
  const store = await testStore(t)
  await put(store, 'p/', FRAMES, true)
  await isComplete(t, store, 'p/', FRAMES, [7, 100, 120, 239, 240])
  const pages = await pagesOf(store, { prefix: 'p/', limit: 100, tags: true })
  t.strictSame(
    pages.flat().map(({ key, tags }) => [key.slice(2), tags['n']]).sort(),
    FRAMES.map((name, n) => [name, String(n)]).sort(),
    'with tags, too'
  )
})

await t.test('keys that are removed or added between two pages do not hide other keys', async (t) => {
  for (const names of [AROUND_A_FOLDER, FRAMES]) {
    const store = await testStore(t)
    await put(store, 'p/', names)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const { objects, next } = await listObjects(store, {
        prefix: 'p/',
        limit: Math.ceil(names.length / 5),
        tags: false,
        cursor
      })
      seen.push(...objects.map(({ key }) => key.slice(2)))
      await inBatches(objects, async ({ key }) => await removeObject(store, key))
      await put(store, 'p/', [' added first'])
      cursor = next
    } while (cursor !== undefined)
    t.strictSame(seen.filter((name) => name !== ' added first').sort(), names.toSorted())
  }
})

await t.test('listAll has all keys of a prefix and no other keys', async (t) => {
  const store = await testStore(t)
  const keys = Array.from({ length: 1001 }, (_, i) => `p/${String(i).padStart(4, '0')}`)
  await put(store, '', [...keys, 'o', 'q/1'])
  const all = await allOf(listAll(store, 'p/', { tags: false }))
  t.strictSame(all.map(({ key }) => key), keys)
  t.match(await listObjects(store, { prefix: 'none/', tags: true }), { objects: [], next: undefined, at: Date })
})

await t.test('a flat listing is in the order of the bytes, and can begin after any key', async (t) => {
  const store = await testStore(t)
  const keys = Array.from({ length: 25 }, (_, i) => `p/${String(i).padStart(3, '0')}`)
  await put(store, '', [...keys, 'o', 'q/1'])
  const flat = async (limit: number, after?: string): Promise<string[][]> =>
    (await pagesOf(store, { prefix: 'p/', limit, ...(after !== undefined && { after }) }))
      .map((page) => page.map(({ key }) => key))
  t.strictSame(await flat(10), [keys.slice(0, 10), keys.slice(10, 20), keys.slice(20)])
  t.strictSame(await flat(25), [keys], 'a full last page is the last one')
  for (const [after, from] of [['p/012', 13], ['p/0115', 12], ['p/', 0], ['p/024', 25]] as const) {
    t.strictSame((await flat(4, after)).flat(), keys.slice(from), `after ${after}`)
  }
})

await t.test('the list of jobs begins after a job, whatever other programs put beside the records', async (t) => {
  const store = await testStore(t)
  const records = Array.from({ length: 30 }, (_, i) => stateKey(newJobId(new Date(1e12 + i)))).sort()
  await put(store, '', records)
  await put(store, '', ['state-1', 'state.txt', 'state+/a', 'state!', `${STATE_PREFIX}notes/a`, `${STATE_PREFIX}notes-b`])
  for (const limit of [1, 7, 30]) {
    for (const from of [0, 1, 15, 28]) {
      const pages = await pagesOf(store, { prefix: STATE_PREFIX, limit, after: records[from]! })
      t.strictSame(pages.flat().map(({ key }) => key).filter((key) => key.endsWith('.json')), records.slice(from + 1))
    }
  }
})

await t.test('all objects of an attempt are listed in pages of any size', async (t) => {
  const store = await testStore(t)
  const [id, attempt] = [newJobId(), newJobId()]
  const pages = Array.from({ length: 12 }, (_, page) => page)
  const notes = [
    journalKey(id, attempt),
    manifestKey(id, attempt),
    ...pages.map((page) => journalPageKey(id, attempt, page)),
    ...pages.map((page) => manifestPageKey(id, attempt, page)),
    ...pages.map((page) => multipartKey(id, attempt, String(page).padStart(64, '0')))
  ]
  const contents = pages.map((page) => contentKey(id, attempt, String(page).padStart(64, '0')))
  await put(store, '', [...notes, ...contents])
  const prefix = uploadsPrefix(id)
  await isComplete(t, store, prefix, notes.map((key) => key.slice(prefix.length)), [1, 5, 12, 13, 38])
  await isComplete(t, store, '', [...notes, ...contents], [1, 7])
})

// SeaweedFS keeps the versions of an object in such a folder, and hides it from lists. See bucket-layout.ts in this
// folder for the test that no key of this project has such a part.
await t.test('a folder X.versions, which SeaweedFS does not list, hides no other key', async (t) => {
  const store = await testStore(t)
  const listed = ['X', 'X.a', 'X.version/a', 'X.versions-b', 'Y', 'a.json']
  await put(store, 'p/', [...listed, 'X.versions/a', 'X.versions/b/c'])
  const found = (await pagesOf(store, { prefix: 'p/', limit: 2 })).flat().map(({ key }) => key.slice(2))
  t.strictSame(found.filter((name) => !name.startsWith('X.versions/')).sort(), listed.toSorted())
})

/** As MinIO lists with `metadata=true`. XML escapes the ETag and the form-encoded tags once more. */
const minioListing = (count: number, end: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix></Prefix><KeyCount>${count}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>${end}${
    Array.from(
      { length: count },
      (_, i) =>
        `<Contents><Key>state/a+b%2B${i}</Key><LastModified>2026-11-29T12:00:00.000Z</LastModified><ETag>&#34;e${i}&#34;</ETag><Size>5</Size><UserTags>state=running&amp;n=007&amp;time=12%3A58+x%2F%3D</UserTags><UserMetadata><content-type>a</content-type></UserMetadata></Contents>`
    ).join('')
  }</ListBucketResult>`
const MORE = '<IsTruncated>true</IsTruncated><NextContinuationToken>a+/=[x:y]&amp;ü</NextContinuationToken>'
const LAST = '<IsTruncated>false</IsTruncated>'

async function serveListings (t: Test, ...answers: string[]): Promise<{ store: Store, asked: URLSearchParams[] }> {
  const asked: URLSearchParams[] = []
  const { url } = await httpServer(t, (request, response) => {
    const { searchParams } = new URL(request.url, url)
    asked.push(searchParams)
    response.writeHead(200, { 'content-type': 'application/xml' }).end(answers[asked.length - 1])
  })
  return { store: storeAt(url), asked }
}

await t.test('a page of a store that lists tags is one request, and its token leads to the next page', async (t) => {
  const { store, asked } = await serveListings(t, minioListing(1000, MORE), minioListing(1, LAST))
  const { objects, next } = await listObjects(store, { prefix: 'state/', after: 'state/0', tags: true })
  t.equal(objects.length, 1000)
  t.strictSame(objects[999], {
    key: 'state/a b+999',
    size: 5,
    etag: '"e999"',
    lastModified: '2026-11-29T12:00:00.000Z',
    tags: { state: 'running', n: '007', time: '12:58 x/=' }
  })
  t.equal(next, 'a+/=[x:y]&ü')
  const last = await listObjects(store, { prefix: 'state/', after: 'state/0', cursor: next, tags: true })
  t.equal(last.next, undefined)
  t.strictSame(asked.map((query) => [query.get('continuation-token'), query.get('start-after')]), [
    [null, 'state/0'],
    ['a+/=[x:y]&ü', null]
  ])
})

await t.test('an empty page is the last one only when the store says so', async (t) => {
  const { store, asked } = await serveListings(t, minioListing(0, MORE), minioListing(2, LAST))
  const keys = (await allOf(listAll(store, '', { tags: true }))).map(({ key }) => key)
  t.strictSame(keys, ['state/a b+0', 'state/a b+1'])
  t.equal(asked.length, 2)
})

await t.test('a token that leads nowhere ends the walk with an error', async (t) => {
  const { store } = await serveListings(t, minioListing(1, MORE), minioListing(1, MORE))
  const walk = allOf(listAll(store, '', { tags: true }))
  t.ok(isProblem(await walk.catch((error: unknown) => error), 'store-unavailable'))
})
