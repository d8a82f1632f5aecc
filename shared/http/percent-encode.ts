/**
 * Encodes everything but the unreserved characters of RFC 3986 as %XX. encodeURIComponent alone leaves `!'()*`, which
 * neither a signed S3 query nor an extended header value (RFC 8187) may contain. URLSearchParams encodes `~`, which a
 * signed query must not encode.
 */
export function percentEncode (text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => '%' + char.charCodeAt(0).toString(16).toUpperCase())
}
