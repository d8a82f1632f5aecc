import { Mime } from 'mime/lite'
import { Type, type Static } from 'typebox'
import standardTypes from 'mime/types/standard.js'
import type { JobRecord } from '../job/job-record.ts'
import { attemptPrefix, resultKey } from '../store/bucket-layout.ts'
import { getTags, headObject, listObjects } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'

export const ResultFile = Type.Object({
  name: Type.String(),
  size: Type.Integer({ description: 'Bytes' }),
  sha256: Type.String({ description: 'Lower-case hex; the store has checked it at the upload' }),
  content_type: Type.String()
})
export type ResultFile = Static<typeof ResultFile>

const mime = new Mime(standardTypes, { 'application/x-mcap': ['mcap'] })

function contentTypeOf (name: string): string {
  return mime.getType(name) ?? 'application/octet-stream'
}

/** A page of a job's result files in the order of their names: those of the attempt that counts. */
export async function listResults (
  store: Store,
  record: JobRecord,
  { after, limit }: { after?: string, limit: number }
): Promise<{ files: ResultFile[], more: boolean }> {
  if (record.attempt === undefined) return { files: [], more: false }
  const prefix = attemptPrefix(record.job_uuid, record.attempt)
  const { objects, more } = await listObjects(store, {
    prefix,
    after: after === undefined ? '' : prefix + after,
    limit,
    tags: true
  })
  const files = objects.map(({ key, size, tags }) => {
    const name = key.slice(prefix.length)
    return { name, size, sha256: tags['sha256'] ?? '', content_type: contentTypeOf(name) }
  })
  return { files, more }
}

export type StoredResult = ResultFile & { key: string, etag: string, lastModified: string }

/** One result file of the attempt that counts, or `undefined`. */
export async function findResult (store: Store, record: JobRecord, name: string): Promise<StoredResult | undefined> {
  if (record.attempt === undefined) return undefined
  const key = resultKey(record.job_uuid, record.attempt, name)
  const [head, tags] = await Promise.all([headObject(store, key), getTags(store, key)])
  if (head === undefined) return undefined
  return { ...head, key, name, sha256: tags['sha256'] ?? '', content_type: contentTypeOf(name) }
}
