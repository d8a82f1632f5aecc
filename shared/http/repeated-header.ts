/**
 * Headers that a request may have only once. Node takes the first line and ignores the others, or joins them, while a
 * proxy in front may have taken the last one.
 */
const ONCE = new Set(['host', 'authorization', 'content-type', 'idempotency-key'])

/** The name of a header that must not occur twice and does; `rawHeaders` are names and values in turn. */
export function repeatedHeader (rawHeaders: string[]): string | undefined {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  return names.find((name, index) => ONCE.has(name) && names.indexOf(name) !== index)
}
