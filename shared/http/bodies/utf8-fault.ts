/** Why bytes are not UTF-8 text, with the place of the first wrong one; `undefined` if they are. */
export function utf8Fault (bytes: Uint8Array): string | undefined {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  // A lenient decoder puts U+FFFD where the bytes are wrong, and changes nothing else.
  const decoded = new TextEncoder().encode(decoder.decode(bytes))
  let at = 0
  while (at < bytes.length && bytes[at] === decoded[at]) at++
  if (at === bytes.length && at === decoded.length) return undefined
  const line = decoder.decode(bytes.subarray(0, at)).split(/\r\n|\r|\n/).length
  return `is not UTF-8 text: byte ${at + 1}, in line ${line}`
}
