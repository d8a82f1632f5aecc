/**
 * Whether an `If-None-Match` names this ETag (RFC 9110, 13.1.2): in a list, as `*`, or weakly, as a proxy that
 * compresses makes it.
 */
export function matchesEtag (ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
