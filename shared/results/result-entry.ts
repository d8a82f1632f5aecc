/** A result file of an attempt. Its bytes lie under the key of its digest. */
export interface ResultEntry {
  /** Relative to the result folder, with `/`. */
  name: string
  /** Bytes. */
  size: number
  /** Lower-case hex. */
  sha256: string
}

/** The order of the names: by Unicode code point, which is also the order of their UTF-8 bytes. */
export function byName (
  { name: one }: { name: string },
  { name: other }: { name: string }
): number {
  const shorter = Math.min(one.length, other.length)
  for (let at = 0; at < shorter; at++) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)]
    if (a !== b) return rank(a) - rank(b)
  }
  return one.length - other.length
}

/** UTF-16 writes the code points above U+FFFF with surrogates, which must come after U+E000 to U+FFFF. */
function rank (unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
