import type { Static, TObject } from 'typebox'
import { problem } from '../../../shared/http/problem.ts'
import { fieldErrors } from '../../../shared/schema/field-errors.ts'
import { lazyValidator } from '../../../shared/schema/lazy-validator.ts'
import { plainJson } from './plain-json.ts'

/**
 * Returns a function that validates a message, JSON-LD or plain JSON, against a schema. Unknown fields stay in the
 * message. The function throws `invalid-request`, which names the wrong field.
 */
export function messageReader<T extends TObject> (schema: T): (body: unknown) => Static<T> {
  const isValid = lazyValidator<Static<T>>(schema)
  return function readMessage (body) {
    const message = plainJson(body)
    if (isValid(message)) return message
    const errors = fieldErrors(isValid.errors, 'body')
    throw problem('invalid-request', `${errors[0]?.field}: ${errors[0]?.message}`, { errors })
  }
}
