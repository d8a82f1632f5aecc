import { Ajv, type Options } from 'ajv'
import addFormats from 'ajv-formats'

/** The one way in which schemas are read here: formats known, defaults filled in, nothing dropped in silence. */
export function newAjv (options: Options = {}): Ajv {
  // Without strictNumbers `Infinity` passes every bound.
  const ajv = new Ajv({ useDefaults: true, strict: false, strictNumbers: true, ...options })
  addFormats.default(ajv)
  return ajv
}
