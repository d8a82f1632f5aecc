import type { Ajv, ErrorObject, ValidateFunction } from 'ajv'
import { newAjv } from './new-ajv.ts'

/** Tells whether a value fits, and keeps what was wrong with the last one. */
export interface Validator<T> {
  (value: unknown): value is T
  errors: ErrorObject[]
}

let ajv: Ajv | undefined

/**
 * A check that is compiled when first used: a start uses few of those that there are, and each costs it milliseconds.
 */
export function lazyValidator<T> (schema: object): Validator<T> {
  let compiled: ValidateFunction<T> | undefined
  function isValid (value: unknown): value is T {
    compiled ??= (ajv ??= newAjv()).compile<T>(schema)
    const fits = compiled(value)
    isValid.errors = compiled.errors ?? []
    return fits
  }
  isValid.errors = [] as ErrorObject[]
  return isValid
}
