import { isUtf8 } from 'node:buffer'
import { invalidField } from '../problem.ts'

/**
 * Decodes UTF-8. Throws `invalid-request` with the place for other bytes, because a lenient decoder would change the
 * text silently. A byte order mark is kept.
 */
export function decodeText (field: string, bytes: Buffer): string {
  const text = bytes.toString()
  if (isUtf8(bytes)) return text
  // The lenient decoder has put U+FFFD where the bytes are wrong.
  const decoded = Buffer.from(text)
  let at = 0
  while (at < bytes.length && bytes[at] === decoded[at]) at++
  const line = text.slice(0, bytes.toString('utf8', 0, at).length).split(/\r\n|\r|\n/).length
  throw invalidField(field, `is not UTF-8 text: byte ${at + 1}, in line ${line}`)
}
