import { percentEncode } from '../http/percent-encode.ts'
import { contentKey, resultsPrefix, uploadsPrefix } from './bucket-layout.ts'
import { getObject, listAll, removeObject } from './object-store.ts'
import type { Store } from './open-store.ts'
import { parseXml, whole } from './store-answer.ts'
import { request } from './store-request.ts'

/** How requests name a multipart upload. */
export function uploadQuery (uploadId: string): string {
  return `uploadId=${encodeURIComponent(uploadId)}`
}

/** Frees what the parts take; fine when there is no such upload. */
export async function abortMultipart (store: Store, key: string, uploadId: string): Promise<void> {
  await whole(
    await request(store, {
      operation: 'AbortMultipartUpload',
      method: 'DELETE',
      key,
      query: uploadQuery(uploadId),
      accept: [200, 204, 404]
    })
  )
}

/**
 * Aborts the multipart uploads of a job that will never be finished: those that `result-upload` has a note of, then
 * those that were cut off before it had. MinIO lists the latter under a whole key only; there its own clean-up of stale
 * uploads (a day) finds them.
 */
export async function abortUploads (store: Store, id: string): Promise<void> {
  for await (const { key } of listAll(store, uploadsPrefix(id), { tags: false })) {
    const [, , attempt, kind] = key.split('/')
    const note = kind === 'multipart' ? await getObject(store, key) : undefined
    if (attempt === undefined || note === undefined) continue
    const { sha256, upload_id: uploadId } = JSON.parse(note.body.toString()) as { sha256: string, upload_id: string }
    await abortMultipart(store, contentKey(id, attempt, sha256), uploadId)
    await removeObject(store, key)
  }
  for (const { key, uploadId } of await listUploads(store, resultsPrefix(id))) {
    await abortMultipart(store, key, uploadId)
  }
}

/** Multipart uploads that are under way below a prefix, at most a thousand. */
export async function listUploads (store: Store, prefix: string): Promise<{ key: string, uploadId: string }[]> {
  // Without encoding-type: SeaweedFS says that keys are encoded then, and encodes none. No key of this project has what
  // XML cannot hold.
  const response = await request(store, {
    operation: 'ListMultipartUploads',
    method: 'GET',
    query: `max-uploads=1000&prefix=${percentEncode(prefix)}&uploads=`,
    accept: [200]
  })
  const { ListMultipartUploadsResult: { Upload = [] } } = parseXml(
    await whole(response),
    'ListMultipartUploadsResult'
  ) as { ListMultipartUploadsResult: Listing }
  return Upload.map(({ Key, UploadId }) => ({ key: Key, uploadId: UploadId }))
}

interface Listing {
  Upload?: { Key: string, UploadId: string }[]
}
