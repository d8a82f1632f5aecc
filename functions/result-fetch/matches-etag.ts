/**
 * Whether an `If-None-Match` header matches this ETag (RFC 9110, 13.1.2): in a list, as `*`, or as a weak ETag, which a
 * compressing proxy sends.
 */
export function matchesEtag (ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
