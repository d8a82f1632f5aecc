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

/** Where an ability is tried: a prefix of its own, which is emptied afterwards. */
interface Place {
  store: Store
  presign: Presign
  prefix: string
}

interface Ability {
  check: string
  /** Throws what is wrong; answers what was seen. */
  prove: (place: Place) => Promise<string>
  without: typeof broken | typeof degraded
  mend: string
}

const ANOTHER_STORE = 'take a store with it: docs/install.md, Production'

const abilities: Ability[] = [
  { check: 'store: write only what is new', prove: writesOnlyNew, without: broken, mend: ANOTHER_STORE },
  { check: 'store: write only over what was read', prove: comparesAndSwaps, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: tags',
    prove: tags,
    without: broken,
    mend: `allow PutObjectTagging and GetObjectTagging, or ${ANOTHER_STORE}`
  },
  { check: 'store: checksums', prove: checksums, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: large files',
    prove: multipart,
    without: broken,
    mend: `allow AbortMultipartUpload and ListMultipartUploadParts, or ${ANOTHER_STORE}`
  },
  { check: 'store: part of one version', prove: ranges, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: a list with tags',
    prove: listsTags,
    without: degraded,
    mend: 'nothing has to be done; MinIO answers it in one request'
  },
  {
    check: 'store: unfinished uploads',
    prove: listsUploads,
    without: broken,
    mend: `allow ListBucketMultipartUploads, or ${ANOTHER_STORE}`
  },
  {
    check: 'store: unfinished uploads by job',
    prove: listsUploadsByPrefix,
    without: degraded,
    mend: 'MinIO aborts them itself after a day; any other store needs a rule for that'
  }
]

/** Tries on throw-away objects all that the functions ask of the store. */
export async function storeAbilities (store: Store, presign: Presign): Promise<Row[]> {
  // Its time shows a later doctor whether somebody is still at it.
  const prefix = `${DOCTOR_PREFIX}${newJobId()}/`
  try {
    await listObjects(store, { prefix, tags: false })
  } catch (error) {
    return [
      broken(
        'store',
        wordsOf(error),
        'see S3_* in the ConfigMap gx4ki-settings, the Secret gx4ki-store, and that the bucket exists'
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
    return [works('store', `bucket ${store.bucket} is there, and can be read, written and emptied`), ...rows]
  } catch (error) {
    return [broken('store', `what was tried cannot be removed: ${wordsOf(error)}`, 'allow DeleteObject'), ...rows]
  }
}

function expect (holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

async function writesOnlyNew ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}new`
  expect(
    await putObject(store, key, 'first', {}, { ifNoneMatch: '*' }) !== undefined,
    'If-None-Match: * was refused where nothing was'
  )
  expect(
    await putObject(store, key, 'second', {}, { ifNoneMatch: '*' }) === undefined,
    'If-None-Match: * wrote over what was there'
  )
  return 'If-None-Match holds'
}

async function comparesAndSwaps ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}swap`
  const first = await putObject(store, key, 'first', {}, 'unconditional')
  const second = await putObject(store, key, 'second', {}, { ifMatch: first! })
  expect(second !== undefined, 'If-Match was refused with the right ETag')
  expect(
    await putObject(store, key, 'third', {}, { ifMatch: first! }) === undefined,
    'If-Match wrote over a newer version'
  )
  expect((await getObject(store, key))?.body.toString() === 'second', 'what was written last is not what is read')
  return 'If-Match holds'
}

async function tags ({ store, prefix }: Place): Promise<string> {
  const given = { state: 'running', started: '2026-01-01T00:00:00.000Z', reason: 'a b+c=d:e/f@g_h' }
  await putObject(store, `${prefix}tags`, 'x', given, 'unconditional')
  expect(
    encodeTags(await getTags(store, `${prefix}tags`)).split('&').sort().join() ===
      encodeTags(given).split('&').sort().join(),
    'tags were not read as they were written'
  )
  return 'written with an object and read again'
}

async function checksums (place: Place): Promise<string> {
  const { store, presign, prefix } = place
  const key = `${prefix}checksum`
  const [right, wrong] = [randomBytes(64), randomBytes(64)]
  const grant = await presign(key, {
    'content-length': '64',
    'x-amz-checksum-sha256': toChecksum(sha256(right)),
    'if-none-match': '*'
  })
  expect(await send(grant, wrong) >= 400, 'other bytes than the sha256 says were taken')
  expect(await getObject(store, key) === undefined, 'other bytes than the sha256 says were refused, and kept')
  const status = await send(grant, right)
  expect(status === 200, `the right bytes were answered with ${status}`)
  expect(await send(grant, right) === 412, 'a presigned upload wrote over what was there')
  return 'a presigned upload takes the bytes of its sha256, once, and no others'
}

async function multipart ({ store, presign, prefix }: Place): Promise<string> {
  const key = `${prefix}multipart`
  const bytes = randomBytes(64)
  const [wanted, given] = [sha256(bytes), sha256(randomBytes(1))]
  const upload = await createMultipart(store, key)
  const part = await presign(key, { 'content-length': '64', 'x-amz-checksum-sha256': toChecksum(wanted) }, {
    partNumber: '1',
    uploadId: upload
  })
  expect(await send(part, randomBytes(64)) >= 400, 'a part with other bytes than its sha256 says was taken')
  const status = await send(part, bytes)
  expect(status === 200, `a part was answered with ${status}`)
  const [stored] = await listParts(store, key, upload) ?? []
  expect(stored?.size === 64, 'a part that was taken is not among the parts')
  expect(
    !await completeMultipart(store, key, upload, [{ number: 1, etag: stored.etag, sha256: given }]),
    'an upload was completed with a wrong sha256'
  )
  expect(
    await completeMultipart(store, key, upload, [{ number: 1, etag: stored.etag, sha256: wanted }]),
    'an upload was not completed'
  )
  expect((await getObject(store, key))?.body.equals(bytes) === true, 'the parts did not become the file')
  const aborted = await createMultipart(store, `${prefix}aborted`)
  await abortMultipart(store, `${prefix}aborted`, aborted)
  expect(await listParts(store, `${prefix}aborted`, aborted) === undefined, 'an upload that was aborted is still there')
  return 'parts are checked, completed and aborted'
}

async function ranges ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}range`
  const old = await putObject(store, key, '0123456789', {}, 'unconditional')
  const part = await streamObject(store, key, { etag: old!, range: { start: 2, end: 4 } })
  expect(part !== undefined && (await buffer(part)).toString() === '234', 'a range had other bytes')
  await putObject(store, key, '9876543210', {}, 'unconditional')
  expect(
    await streamObject(store, key, { etag: old!, range: { start: 2, end: 4 } }) === undefined,
    'If-Match gave the bytes of another version'
  )
  return 'a range with If-Match is served'
}

async function listsTags ({ store, prefix }: Place): Promise<string> {
  await putObject(store, `${prefix}listed`, 'x', { state: 'running' }, 'unconditional')
  const { objects: [listed] } = await listObjects(store, { prefix, tags: true })
  expect(listed?.tags['state'] === 'running', 'the list had no tags')
  // listObjects asks for the tags one by one where the list has none.
  const response = await request(store, {
    operation: 'ListObjectsV2',
    method: 'GET',
    query: `list-type=2&metadata=true&prefix=${encodeURIComponent(prefix)}`,
    accept: [200]
  })
  expect(
    (await whole(response)).includes('<UserTags>'),
    'only one request for each object tells its tags: lists of jobs are slower'
  )
  return 'in one request'
}

async function listsUploads ({ store, prefix }: Place): Promise<string> {
  await withUpload(
    store,
    `${prefix}unfinished`,
    async (key) => expect((await listUploads(store, key)).length === 1, 'they are not listed')
  )
  return 'are listed'
}

async function listsUploadsByPrefix ({ store, prefix }: Place): Promise<string> {
  await withUpload(
    store,
    `${prefix}unfinished`,
    async () =>
      expect(
        (await listUploads(store, prefix)).length === 1,
        'one that was cut off before it was noted down is not found'
      )
  )
  return 'are found without knowing their keys'
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
