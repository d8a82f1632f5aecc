import type { Store } from '../../../shared/store/open-store.ts'
import { isAbsent, parseXml, whole } from '../../../shared/store/store-answer.ts'
import { request } from '../../../shared/store/store-request.ts'
import { uploadQuery } from '../../../shared/store/unfinished-uploads.ts'
import { fromChecksum, toChecksum } from '../content.ts'

/** A part that the store has; not every store tells the sha256 that it has checked. */
export interface Part {
  number: number
  size: number
  etag: string
  sha256?: string
}

/** Starts a multipart upload whose parts carry a sha256 each; answers its id. */
export async function createMultipart (store: Store, key: string): Promise<string> {
  const headers = { 'x-amz-checksum-algorithm': 'SHA256' }
  const response = await request(store, {
    operation: 'CreateMultipartUpload',
    method: 'POST',
    key,
    query: 'uploads',
    headers,
    accept: [200]
  })
  const { InitiateMultipartUploadResult: result } = parseXml(await whole(response), 'InitiateMultipartUploadResult')
  return (result as { UploadId: string }).UploadId
}

/** The parts that are there, in order; `undefined` when the store knows no such upload (any more). */
export async function listParts (store: Store, key: string, uploadId: string): Promise<Part[] | undefined> {
  const parts: Part[] = []
  while (true) {
    const marker = parts.at(-1)?.number ?? 0
    const query = `max-parts=1000&part-number-marker=${marker}&${uploadQuery(uploadId)}`
    const response = await request(store, { operation: 'ListParts', method: 'GET', key, query, accept: [200, 404] })
    if (await isAbsent(response)) return undefined
    const { ListPartsResult: listing } = parseXml(await whole(response), 'ListPartsResult') as {
      ListPartsResult: Listing
    }
    const page = listing.Part ?? []
    for (const { PartNumber, Size, ETag, ChecksumSHA256 } of page) {
      parts.push({
        number: Number(PartNumber),
        size: Number(Size),
        etag: ETag,
        ...(ChecksumSHA256 && { sha256: fromChecksum(ChecksumSHA256) })
      })
    }
    if (listing.IsTruncated !== 'true' || page.length === 0) return parts
  }
}

interface Listing {
  IsTruncated?: string
  Part?: { PartNumber: string, Size: string, ETag: string, ChecksumSHA256?: string }[]
}

/**
 * Makes the parts one object, but never over one that is there. The store compares the sha256 of each part with the one
 * that it got the part with. False when it refuses (400), when there is such an object (412), or no such upload (404).
 */
export async function completeMultipart (
  store: Store,
  key: string,
  uploadId: string,
  parts: { number: number, etag: string, sha256: string }[]
): Promise<boolean> {
  const listed = parts.map(({ number, etag, sha256 }) =>
    `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag><ChecksumSHA256>${
      toChecksum(sha256)
    }</ChecksumSHA256></Part>`
  )
  const response = await request(store, {
    operation: 'CompleteMultipartUpload',
    method: 'POST',
    key,
    query: uploadQuery(uploadId),
    headers: { 'content-type': 'application/xml', 'if-none-match': '*' },
    body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
      listed.join('')
    }</CompleteMultipartUpload>`,
    accept: [200, 400, 404, 412]
  })
  if (await isAbsent(response)) return false
  const body = await whole(response)
  if (response.statusCode !== 200) {
    // A refusal that is no S3 answer is from somebody else, and the parts are still good.
    parseXml(body, 'Error')
    return false
  }
  // S3 may say 200 before it knows, and then tell of an error in the body.
  parseXml(body, 'CompleteMultipartUploadResult')
  return true
}
