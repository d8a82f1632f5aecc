import type { FastifyRequest } from 'fastify'
import { checkCharset } from '../../../shared/http/bodies/check-charset.ts'
import { decodeText } from '../../../shared/http/bodies/decode-text.ts'
import { invalidField, isProblem, problem } from '../../../shared/http/problem.ts'

/** The values of Content-Transfer-Encoding that leave the bytes as they are (RFC 2045, 6.2). */
const UNCODED = ['7bit', '8bit', 'binary']

/** Reads the fields of a form by name, files as text. Throws a problem for a duplicate field or a changed value. */
export async function readForm (request: FastifyRequest): Promise<Record<string, unknown>> {
  if (!/;\s*boundary="?[^\s";]/i.test(request.headers['content-type'] ?? '')) {
    throw problem('unsupported-media-type', 'The Content-Type of a form must have the parameter boundary', {
      errors: [{ field: 'content-type', message: 'has no parameter boundary' }]
    })
  }
  checkCharset(request.headers)
  const fields = new Map<string, unknown>()
  try {
    for await (const part of request.parts()) {
      const name = part.fieldname
      if (fields.has(name)) throw invalidField(name, 'is given twice')
      if (!UNCODED.includes(part.encoding.toLowerCase())) {
        throw invalidField(name, 'must have no Content-Transfer-Encoding: the bytes are read as they are')
      }
      if (part.type === 'file') {
        fields.set(name, decodeText(name, await part.toBuffer()))
        continue
      }
      if (part.valueTruncated) {
        throw problem('too-large', 'A field of the form is too large', {
          errors: [{ field: name, message: 'is too large' }]
        })
      }
      // In a plain field the parser has already replaced invalid UTF-8 by U+FFFD.
      if (String(part.value).includes('\uFFFD')) throw invalidField(name, 'is not UTF-8 text')
      fields.set(name, part.value)
    }
  } catch (error) {
    if (isProblem(error)) throw error
    const { message, code } = error as Error & { code?: string }
    throw problem(
      code === 'FST_REQ_FILE_TOO_LARGE' ? 'too-large' : 'invalid-request',
      `The form cannot be read: ${message}`,
      { errors: [{ field: 'body', message }], cause: error }
    )
  }
  return Object.fromEntries(fields)
}
