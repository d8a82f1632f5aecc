import type { Static, TObject } from 'typebox'
import { newAjv } from '../schema/new-ajv.ts'

/**
 * Reads the settings of a function from its environment and checks them, once at the start. Throws an Error that names
 * every wrong setting, but never a value.
 */
export function readSettings<T extends TObject> (schema: T, environment: NodeJS.ProcessEnv = process.env): Static<T> {
  const settings: unknown = Object.fromEntries(
    Object.keys(schema.properties).flatMap((name) => environment[name] === undefined ? [] : [[name, environment[name]]])
  )
  const ajv = newAjv({ allErrors: true, coerceTypes: true })
  const isValid = ajv.compile<Static<T>>(schema)
  if (!isValid(settings)) {
    throw new Error(`wrong settings: ${ajv.errorsText(isValid.errors, { dataVar: 'environment' })}`)
  }
  return settings
}
