import { Ajv, type Options } from 'ajv'
import addFormats from 'ajv-formats'

/** Makes every validator of this project: it knows formats, fills in defaults, and drops nothing silently. */
export function newAjv (options: Options = {}): Ajv {
  // Without strictNumbers, `Infinity` is a valid number. With it, Ajv does not check the bounds of numbers that it
  // converts from text. The schemas belong to this code, so by default they are not checked against the meta-schema:
  // that would be a third of the time that they take at a start.
  const ajv = new Ajv({
    meta: false,
    validateSchema: false,
    useDefaults: true,
    strict: false,
    verbose: true,
    strictNumbers: options.coerceTypes !== true,
    ...options
  })
  addFormats.default(ajv)
  return ajv
}
