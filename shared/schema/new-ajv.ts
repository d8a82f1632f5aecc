import { Ajv, type Options } from 'ajv'
import addFormats from 'ajv-formats'

/** The punctuation of a time in RFC 3339, 5.6. */
const RFC_3339 = /^[\d-]{10}T[\d:]{8}(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

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
    strictNumbers: options.coerceTypes !== true,
    ...options,
    // To optimize the code of a validator takes nearly as long as to make it.
    code: { optimize: false, ...options.code }
  })
  addFormats.default(ajv)
  // The format of ajv-formats also takes a space instead of the T, and offsets such as +01 and +0100.
  const { validate } = addFormats.default.get('date-time') as { validate: (text: string) => boolean }
  ajv.addFormat('date-time', (text) => RFC_3339.test(text) && validate(text))
  return ajv
}
