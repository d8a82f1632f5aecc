import { createHash } from 'node:crypto'
import { entityTagsIn } from '../http/conditions/entity-tags.ts'
import type { SoFar } from './so-far.ts'

/**
 * The ETag of a job document: that of the record in the store, and of what the document takes from elsewhere, if it
 * does.
 */
export function jobEtag (ofRecord: string, { results, progress }: SoFar = {}): string {
  const record = opaqueOf(ofRecord)
  if (results === undefined && progress === undefined) return `"${record}"`
  const text = JSON.stringify([results, progress])
  return `"${record}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`
}

/** Whether an `If-None-Match` names a document of this record, whatever it has from elsewhere. */
export function namesRecord (ifNoneMatch: string, ofRecord: string): boolean {
  const record = opaqueOf(ofRecord)
  return ifNoneMatch.trim() === '*' ||
    entityTagsIn(ifNoneMatch).some(({ opaque }) => opaque === record || opaque.startsWith(`${record}.`))
}

/** The ETag of the store without its quotes, which not every store sends. */
function opaqueOf (etag: string): string {
  return etag.replaceAll('"', '')
}
