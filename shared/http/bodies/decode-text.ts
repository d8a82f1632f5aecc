import { isUtf8 } from 'node:buffer'
import { invalidField } from '../problem.ts'
import { utf8Fault } from './utf8-fault.ts'

/**
 * Decodes UTF-8. Throws `invalid-request` with the place for other bytes, because a lenient decoder would change the
 * text silently. A byte order mark is kept.
 */
export function decodeText (field: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  throw invalidField(field, utf8Fault(bytes)!)
}
