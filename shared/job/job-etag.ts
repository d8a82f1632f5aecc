import { createHash } from 'node:crypto'
import { entityTagsIn } from '../http/entity-tags.ts'
import type { ResultCounts } from './result-counts.ts'

/**
 * The ETag of a job document: that of the record in the store, and of the counts that the document takes from
 * elsewhere, if it does.
 */
export function jobEtag (ofRecord: string, counts?: ResultCounts): string {
  const record = opaqueOf(ofRecord)
  if (counts === undefined) return `"${record}"`
  return `"${record}.${createHash('sha256').update(JSON.stringify(counts)).digest('hex').slice(0, 16)}"`
}

/** Whether an `If-None-Match` names a document of this record, with any counts. */
export function namesRecord (ifNoneMatch: string, ofRecord: string): boolean {
  const record = opaqueOf(ofRecord)
  return ifNoneMatch.trim() === '*' ||
    entityTagsIn(ifNoneMatch).some(({ opaque }) => opaque === record || opaque.startsWith(`${record}.`))
}

/** The ETag of the store without its quotes, which not every store sends. */
function opaqueOf (etag: string): string {
  return etag.replaceAll('"', '')
}
