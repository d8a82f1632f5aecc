import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { toChecksum } from '../../../functions/result-upload/content.ts'
import { completeMultipart, createMultipart, listParts } from '../../../functions/result-upload/multipart/multipart.ts'
import type { Grant, Presign } from '../../../functions/result-upload/presign.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { DOCTOR_PREFIX } from '../../../shared/store/bucket-layout.ts'
import {
  encodeTags,
  getObject,
  getTags,
  inBatches,
  listAll,
  listObjects,
  putObject,
  removeObject,
  streamObject
} from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { whole } from '../../../shared/store/store-answer.ts'
import { request } from '../../../shared/store/store-request.ts'
import { abortMultipart, listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { broken, degraded, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'
import { sha256 } from './sha256.ts'

/** Where an ability is tested: its own prefix, which is emptied afterwards. */
interface Place {
  store: Store
  presign: Presign
  prefix: string
}

interface Ability {
  check: string
  /** Returns the finding. Throws an error that says what is wrong. */
  prove: (place: Place) => Promise<string>
  without: typeof broken | typeof degraded
  mend: string
}

const ANOTHER_STORE = 'use a store that supports it: docs/install.md, Production'

const abilities: Ability[] = [
  { check: 'store: create if absent', prove: writesOnlyNew, without: broken, mend: ANOTHER_STORE },
  { check: 'store: overwrite if unchanged', prove: comparesAndSwaps, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: tags',
    prove: tags,
    without: broken,
    mend: `allow PutObjectTagging and GetObjectTagging, or ${ANOTHER_STORE}`
  },
  { check: 'store: checksums', prove: checksums, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: multipart uploads',
    prove: multipart,
    without: broken,
    mend: `allow AbortMultipartUpload and ListMultipartUploadParts, or ${ANOTHER_STORE}`
  },
  { check: 'store: range of one version', prove: ranges, without: broken, mend: ANOTHER_STORE },
  { check: 'store: complete lists', prove: listsAll, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: list with tags',
    prove: listsTags,
    without: degraded,
    mend: 'no action is necessary; MinIO lists tags in one request'
  },
  {
    check: 'store: unfinished uploads',
    prove: listsUploads,
    without: broken,
    mend: `allow ListBucketMultipartUploads, or ${ANOTHER_STORE}`
  },
  {
    check: 'store: unfinished uploads by prefix',
    prove: listsUploadsByPrefix,
    without: degraded,
    mend: 'MinIO aborts them after a day; any other store needs a lifecycle rule that does so'
  }
]

/** Tests, with temporary objects, every operation of the store that the functions use. */
export async function storeAbilities (store: Store, presign: Presign): Promise<Row[]> {
  // The time in the id shows a later run of the doctor whether this run may still be in progress.
  const prefix = `${DOCTOR_PREFIX}${newJobId()}/`
  try {
    await listObjects(store, { prefix, tags: false })
  } catch (error) {
    return [
      broken(
        'store',
        wordsOf(error),
        'check S3_* in the ConfigMap gx4ki-settings, the Secret gx4ki-store, and that the bucket exists'
      )
    ]
  }
  const rows: Row[] = []
  for (const { check, prove, without, mend } of abilities) {
    rows.push(
      await prove({ store, presign, prefix: `${prefix}${rows.length}/` }).then((seen) =>
        works(check, seen), (error) =>
        without(check, wordsOf(error), mend))
    )
  }
  try {
    for await (const { key } of listAll(store, prefix, { tags: false })) await removeObject(store, key)
    return [works('store', `bucket ${store.bucket} exists and can be read, written and emptied`), ...rows]
  } catch (error) {
    return [broken('store', `the test objects cannot be removed: ${wordsOf(error)}`, 'allow DeleteObject'), ...rows]
  }
}

function expect (holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

async function writesOnlyNew ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}new`
  expect(
    await putObject(store, key, 'first', {}, { ifNoneMatch: '*' }) !== undefined,
    'If-None-Match: * was refused for a new key'
  )
  expect(
    await putObject(store, key, 'second', {}, { ifNoneMatch: '*' }) === undefined,
    'If-None-Match: * overwrote an existing object'
  )
  return 'the store respects If-None-Match'
}

async function comparesAndSwaps ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}swap`
  const first = await putObject(store, key, 'first', {}, 'unconditional')
  const second = await putObject(store, key, 'second', {}, { ifMatch: first! })
  expect(second !== undefined, 'If-Match was refused with the right ETag')
  expect(
    await putObject(store, key, 'third', {}, { ifMatch: first! }) === undefined,
    'If-Match with an old ETag overwrote a newer version'
  )
  expect((await getObject(store, key))?.body.toString() === 'second', 'a read did not return the last written version')
  return 'the store respects If-Match'
}

async function tags ({ store, prefix }: Place): Promise<string> {
  const given = { state: 'running', started: '2026-01-01T00:00:00.000Z', reason: 'a b+c=d:e/f@g_h' }
  await putObject(store, `${prefix}tags`, 'x', given, 'unconditional')
  expect(
    encodeTags(await getTags(store, `${prefix}tags`)).split('&').sort().join() ===
      encodeTags(given).split('&').sort().join(),
    'the tags that were read differ from the tags that were written'
  )
  return 'tags are written with an object and read back'
}

async function checksums (place: Place): Promise<string> {
  const { store, presign, prefix } = place
  const key = `${prefix}checksum`
  const [right, wrong] = [randomBytes(64), randomBytes(64)]
  const grant = presign(key, {
    'content-length': '64',
    'x-amz-checksum-sha256': toChecksum(sha256(right)),
    'if-none-match': '*'
  })
  expect(await send(grant, wrong) >= 400, 'the store accepted bytes that do not match the sha256')
  expect(await getObject(store, key) === undefined, 'the store refused bytes that do not match the sha256, but kept them')
  const status = await send(grant, right)
  expect(status === 200, `the store answered ${status} to the right bytes`)
  expect(await send(grant, right) === 412, 'a presigned upload overwrote an existing object')
  return 'a presigned upload accepts only the bytes of its sha256, and only once'
}

async function multipart ({ store, presign, prefix }: Place): Promise<string> {
  const key = `${prefix}multipart`
  const bytes = randomBytes(64)
  const [wanted, given] = [sha256(bytes), sha256(randomBytes(1))]
  const upload = await createMultipart(store, key)
  const part = presign(key, { 'content-length': '64', 'x-amz-checksum-sha256': toChecksum(wanted) }, {
    partNumber: '1',
    uploadId: upload
  })
  expect(await send(part, randomBytes(64)) >= 400, 'the store accepted a part that does not match its sha256')
  const status = await send(part, bytes)
  expect(status === 200, `the store answered ${status} to a correct part`)
  const [stored] = await listParts(store, key, upload) ?? []
  expect(stored?.size === 64, 'an accepted part is missing in the list of parts')
  expect(
    !await completeMultipart(store, key, upload, [{ number: 1, etag: stored.etag, sha256: given }]),
    'an upload was completed with a wrong sha256'
  )
  expect(
    await completeMultipart(store, key, upload, [{ number: 1, etag: stored.etag, sha256: wanted }]),
    'a correct upload could not be completed'
  )
  expect((await getObject(store, key))?.body.equals(bytes) === true, 'the completed object does not have the bytes of its parts')
  const aborted = await createMultipart(store, `${prefix}aborted`)
  await abortMultipart(store, `${prefix}aborted`, aborted)
  expect(await listParts(store, `${prefix}aborted`, aborted) === undefined, 'an aborted upload still exists')
  return 'parts are verified; uploads can be completed and aborted'
}

async function ranges ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}range`
  const old = await putObject(store, key, '0123456789', {}, 'unconditional')
  const part = await streamObject(store, key, { etag: old!, range: { start: 2, end: 4 } })
  expect(part !== undefined && (await buffer(part)).toString() === '234', 'a ranged read returned wrong bytes')
  await putObject(store, key, '9876543210', {}, 'unconditional')
  expect(
    await streamObject(store, key, { etag: old!, range: { start: 2, end: 4 } }) === undefined,
    'a ranged read with If-Match returned the bytes of another version'
  )
  return 'ranged reads with If-Match work'
}

/** Some sort before the slash of the folder `a/`. That is where a store loses keys between two pages. */
const ODD_NAMES = ['a!b', 'a+b/x', 'a-b', 'a..b/c', 'a.txt', 'a/b', 'a/c/d', 'a/c/e', 'a0', 'ü %/🚗']

async function listsAll ({ store, prefix }: Place): Promise<string> {
  const names = ODD_NAMES.map((name) => `odd/${name}`)
  const flat = ['0', '1', '10', '2', '3'].map((name) => `flat/${name}`)
  await inBatches([...names, ...flat], async (name) => await putObject(store, prefix + name, 'x', {}, 'unconditional'))
  for (const limit of [1, 3, 1000]) {
    const found = await pagesOf(store, { prefix: `${prefix}odd/`, limit })
    const lost = names.filter((name) => !found.includes(prefix + name))
    expect(lost.length === 0, `a list in pages of ${limit} lacks ${lost.length} of ${names.length} keys: ${lost.join(' ')}`)
    expect(found.length === names.length, `a list in pages of ${limit} has keys twice, or keys that do not exist`)
  }
  const after = await pagesOf(store, { prefix: `${prefix}flat/`, after: `${prefix}flat/1`, limit: 2 })
  expect(
    after.join() === flat.slice(2).map((name) => prefix + name).join(),
    'a list that begins after a key does not have all later keys in order'
  )
  return 'lists have every key, page by page'
}

async function pagesOf (
  store: Store,
  listing: { prefix: string, limit: number, after?: string }
): Promise<string[]> {
  const keys: string[] = []
  let cursor: string | undefined
  do {
    const { objects, next } = await listObjects(store, { ...listing, cursor, tags: false })
    keys.push(...objects.map(({ key }) => key))
    cursor = next
  } while (cursor !== undefined)
  return keys
}

async function listsTags ({ store, prefix }: Place): Promise<string> {
  await putObject(store, `${prefix}listed`, 'x', { state: 'running' }, 'unconditional')
  const { objects: [listed] } = await listObjects(store, { prefix, tags: true })
  expect(listed?.tags['state'] === 'running', 'the tags of a listed object are missing')
  // If the list has no tags, listObjects requests the tags of each object.
  const response = await request(store, {
    operation: 'ListObjectsV2',
    method: 'GET',
    query: `list-type=2&metadata=true&prefix=${encodeURIComponent(prefix)}`,
    accept: [200]
  })
  expect(
    (await whole(response)).includes('<UserTags>'),
    'the tags need one request for each object, so lists of jobs are slower'
  )
  return 'one request lists objects with their tags'
}

async function listsUploads ({ store, prefix }: Place): Promise<string> {
  await withUpload(
    store,
    `${prefix}unfinished`,
    async (key) =>
      await withUpload(
        store,
        key,
        async () => expect((await listUploads(store, key, 1)).length === 2, 'not all unfinished uploads are listed')
      )
  )
  return 'unfinished uploads are listed'
}

async function listsUploadsByPrefix ({ store, prefix }: Place): Promise<string> {
  await withUpload(
    store,
    `${prefix}unfinished`,
    async () =>
      expect(
        (await listUploads(store, prefix)).length === 1,
        'an upload that was interrupted before its note was written is not found'
      )
  )
  return 'unfinished uploads are found by the prefix of their keys'
}

async function withUpload (store: Store, key: string, look: (key: string) => Promise<void>): Promise<void> {
  const upload = await createMultipart(store, key)
  try {
    await look(key)
  } finally {
    await abortMultipart(store, key, upload)
  }
}

async function send ({ url, headers }: Grant, body: Buffer): Promise<number> {
  const response = await fetch(url, {
    method: 'PUT',
    headers,
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(30_000)
  })
  await response.arrayBuffer()
  return response.status
}
