import type { IncomingHttpHeaders } from 'node:http'
import { entityTagsIn } from './entity-tags.ts'
import { httpDate } from './http-date.ts'

/** What identifies the current representation of a resource. */
export interface Validators {
  /** As in the header `ETag`. */
  etag: string
  /** Absent if no time of the last change is known. */
  lastModified?: Date | undefined
}

/**
 * - `perform`: the conditions hold.
 * - `perform whole`: they hold, but `Range` must be ignored, because `If-Range` names another representation.
 * - `not modified`: 304.
 * - `failed`: 412.
 */
export type Judgement = 'perform' | 'perform whole' | 'not modified' | 'failed'

/**
 * Evaluates the conditions of a request in the order of RFC 9110, 13.2.2. The resource has a current representation,
 * and without the conditions the answer would be 2xx.
 *
 * A date in `If-Range` does not match: it would have to be a strong validator, and one second may have had two
 * representations (8.8.2.2).
 */
export function judgeConditions (method: string, headers: IncomingHttpHeaders, current: Validators): Judgement {
  const isRead = method === 'GET' || method === 'HEAD'
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, 'if-range': ifRange } = headers
  const changedAfter = (field: string | undefined): boolean | undefined => isLater(current.lastModified, field)

  if (ifMatch !== undefined) {
    if (!isAny(ifMatch) && !matchesStrongly(ifMatch, current.etag)) return 'failed'
  } else if (changedAfter(headers['if-unmodified-since']) === true) {
    return 'failed'
  }
  if (ifNoneMatch !== undefined) {
    if (isAny(ifNoneMatch) || matchesWeakly(ifNoneMatch, current.etag)) return isRead ? 'not modified' : 'failed'
  } else if (isRead && changedAfter(headers['if-modified-since']) === false) {
    return 'not modified'
  }
  return ifRange !== undefined && !isOnly(String(ifRange), current.etag) ? 'perform whole' : 'perform'
}

function isAny (field: string): boolean {
  return field.trim() === '*'
}

function matchesStrongly (field: string, etag: string): boolean {
  const [own] = entityTagsIn(etag)
  return entityTagsIn(field).some(({ isWeak, opaque }) => !isWeak && !own?.isWeak && opaque === own?.opaque)
}

/** `If-Range` names one entity tag and not several: the client has a part of one representation. */
function isOnly (field: string, etag: string): boolean {
  return entityTagsIn(field).length === 1 && matchesStrongly(field, etag)
}

function matchesWeakly (field: string, etag: string): boolean {
  const [own] = entityTagsIn(etag)
  return entityTagsIn(field).some(({ opaque }) => opaque === own?.opaque)
}

/**
 * Whether a time lies after that of a header, in whole seconds as `Last-Modified` has it. `undefined` if one of them is
 * unknown: then the header must be ignored.
 */
function isLater (time: Date | undefined, field: string | undefined): boolean | undefined {
  const other = field === undefined ? undefined : httpDate(field)
  if (time === undefined || other === undefined) return undefined
  return Math.floor(time.getTime() / 1000) > other.getTime() / 1000
}
