import { percentEncode } from '../http/percent-encode.ts'
import { contentKey, resultsPrefix, uploadsPrefix } from './bucket-layout.ts'
import { getJson } from './json-object.ts'
import { listAll, removeObject } from './object-store.ts'
import type { Store } from './open-store.ts'
import { isAbsent, nonsense, parseXml, whole } from './store-answer.ts'
import { request } from './store-request.ts'

/** How requests name a multipart upload. */
export function uploadQuery (uploadId: string): string {
  return `uploadId=${percentEncode(uploadId)}`
}

/** Frees what the parts take; fine when there is no such upload. */
export async function abortMultipart (store: Store, key: string, uploadId: string): Promise<void> {
  const response = await request(store, {
    operation: 'AbortMultipartUpload',
    method: 'DELETE',
    key,
    query: uploadQuery(uploadId),
    accept: [204, 404]
  })
  if (!await isAbsent(response)) await whole(response)
}

/**
 * Aborts the multipart uploads of a job that will never be finished, as far as `result-upload` has a note of them. The
 * others have no parts: see offer-parts.ts.
 */
export async function abortNotedUploads (store: Store, id: string): Promise<void> {
  for await (const { key } of listAll(store, uploadsPrefix(id), { tags: false })) {
    const [, , attempt, kind] = key.split('/')
    const note = kind === 'multipart' ? await getJson<{ sha256: string, upload_id: string }>(store, key) : undefined
    if (attempt === undefined || note === undefined) continue
    await abortMultipart(store, contentKey(id, attempt, note.sha256), note.upload_id)
    await removeObject(store, key)
  }
}

/**
 * Aborts all multipart uploads of a job, also those that were cut off before `result-upload` had a note of them. MinIO
 * lists the latter under a whole key only; there its own clean-up of stale uploads (a day) finds them.
 */
export async function abortUploads (store: Store, id: string): Promise<void> {
  await abortNotedUploads(store, id)
  for (const { key, uploadId } of await listUploads(store, resultsPrefix(id))) {
    await abortMultipart(store, key, uploadId)
  }
}

export interface UnfinishedUpload {
  key: string
  uploadId: string
}

/** All multipart uploads that are under way below a prefix. A page has at most `limit` of them. */
export async function listUploads (store: Store, prefix: string, limit = 1000): Promise<UnfinishedUpload[]> {
  const found: UnfinishedUpload[] = []
  let markers: Markers = {}
  while (true) {
    const listing = await uploadsPage(store, prefix, limit, markers)
    for (const { Key: key, UploadId: uploadId } of listing.Upload ?? []) {
      if (!key || !uploadId) throw nonsense(new Error('there is an upload without a key or an id'))
      found.push({ key, uploadId })
    }
    if (listing.IsTruncated !== 'true') return found
    // SeaweedFS and MinIO name only the upload, and go on after it without its key. AWS names both.
    const next = { key: listing.NextKeyMarker, uploadId: listing.NextUploadIdMarker }
    if (!(next.key || next.uploadId) || (next.key === markers.key && next.uploadId === markers.uploadId)) {
      throw nonsense(new Error('a list of uploads says that it goes on, and not where'))
    }
    markers = next
  }
}

async function uploadsPage (
  store: Store,
  prefix: string,
  limit: number,
  { key, uploadId }: Markers
): Promise<Listing> {
  // Without encoding-type: SeaweedFS says that keys are encoded then, and encodes none. No key of this project has what
  // XML cannot hold. The names are in the order that the signature wants.
  const query = [
    ...(key ? [`key-marker=${percentEncode(key)}`] : []),
    `max-uploads=${limit}`,
    `prefix=${percentEncode(prefix)}`,
    ...(uploadId ? [`upload-id-marker=${percentEncode(uploadId)}`] : []),
    'uploads='
  ].join('&')
  const response = await request(store, { operation: 'ListMultipartUploads', method: 'GET', query, accept: [200] })
  const { ListMultipartUploadsResult: listing } = parseXml(await whole(response), 'ListMultipartUploadsResult')
  return listing as Listing
}

/** Where the next page begins. */
interface Markers {
  key?: string | undefined
  uploadId?: string | undefined
}

interface Listing {
  IsTruncated?: string
  NextKeyMarker?: string
  NextUploadIdMarker?: string
  Upload?: { Key?: string, UploadId?: string }[]
}
