import { randomBytes } from 'node:crypto'
import { toChecksum } from '../../../functions/result-upload/content.ts'
import { completeMultipart, createMultipart, listParts } from '../../../functions/result-upload/multipart/multipart.ts'
import type { Grant } from '../../../functions/result-upload/presign.ts'
import { getObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { abortMultipart, listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { expect, type Place } from './ability-place.ts'
import { sha256 } from './sha256.ts'

export async function checksums (place: Place): Promise<string> {
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

export async function multipart ({ store, presign, prefix }: Place): Promise<string> {
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

export async function listsUploads ({ store, prefix }: Place): Promise<string> {
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

export async function listsUploadsByPrefix ({ store, prefix }: Place): Promise<string> {
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
