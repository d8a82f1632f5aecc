import { Ajv, type Options } from 'ajv'
import addFormats from 'ajv-formats'

/** The one way in which schemas are read here: formats known, defaults filled in, nothing dropped in silence. */
export function newAjv (options: Options = {}): Ajv {
  // Without strictNumbers `Infinity` is a number; with it the bounds of what was converted from text are not checked.
  // Schemas are our own and right unless told otherwise: to check each against the meta-schema is a third of what they
  // cost a start.
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
