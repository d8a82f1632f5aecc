/** A character of UTF-8 that is not ASCII, as Unicode 17 has it in table 3-7; or a byte that belongs to none. */
const NOT_ASCII =
  /([\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2})|[\x80-\xff]/g

/** The text of any bytes: those that are not UTF-8 become `\x` and two hex digits, the others stay as they are. */
export function readableText (bytes: Buffer): string {
  const text = bytes.toString()
  if (!text.includes('\uFFFD')) return text
  return bytes.toString('latin1').replaceAll(NOT_ASCII, (found, char?: string) =>
    char === undefined ? `\\x${found.charCodeAt(0).toString(16)}` : Buffer.from(char, 'latin1').toString())
}
