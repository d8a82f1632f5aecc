import type { Ajv, ErrorObject, ValidateFunction } from 'ajv'
import { newAjv } from './new-ajv.ts'

/** Tells whether a value matches the schema, and keeps the errors of the last check. */
export interface Validator<T> {
  (value: unknown): value is T
  errors: ErrorObject[]
}

/** `coercing` converts texts to numbers and booleans, for a query and the like. */
type Kind = 'strict' | 'coercing'

const ajvs: Partial<Record<Kind, Ajv>> = {}

/** A validator that is compiled at its first use. A start uses few validators, and compiling one takes milliseconds. */
export function lazyValidator<T> (schema: object, kind: Kind = 'strict'): Validator<T> {
  let compiled: ValidateFunction<T> | undefined
  function isValid (value: unknown): value is T {
    // Verbose, because `fieldErrors` takes its words from the schema.
    compiled ??= (ajvs[kind] ??= newAjv({ coerceTypes: kind === 'coercing', verbose: true })).compile<T>(schema)
    const fits = compiled(value)
    isValid.errors = compiled.errors ?? []
    return fits
  }
  isValid.errors = [] as ErrorObject[]
  return isValid
}
