import { Type } from 'typebox'

/**
 * One string of RFC 9651, as draft-ietf-httpapi-idempotency-key-header demands, or the same text without its quotes, as
 * most clients send it. A comma or semicolon without quotes would begin a second value or a parameter.
 */
export const IdempotencyKey = Type.String({
  pattern: '^("([ !#-\\[\\]-~]|\\\\["\\\\]){1,255}"|[ !#-+\\--:<-\\[\\]-~]{1,255})$',
  'x-message': 'must be one string of 1 to 255 printable ASCII characters, in quotes if it has one of "\\,;',
  description: 'Requests with the same key get the same job, as long as the job is kept. ' +
    'A string of RFC 9651; the quotes may be left out'
})

/** The key that a valid header stands for. */
export function keyIn (header: string): string {
  return header.startsWith('"') ? header.slice(1, -1).replace(/\\(.)/g, '$1') : header
}
