import { problem } from '../../../shared/http/problem.ts'
import { numberAsSent } from '../../../shared/http/bodies/read-json.ts'
import { ajvOfTemplates } from '../templates/ajv-of-templates.ts'
import { SlowPattern } from '../templates/bounded-pattern.ts'
import type { Template } from '../templates/read-templates.ts'
import { isTooLong, LONGEST, tooLong } from '../templates/too-long.ts'
import type { EnvSchema } from '../templates/read-variables.ts'

export type GivenEnv = Record<string, string | number | boolean>
export interface ResolvedEnv {
  plain: Record<string, string>
  secret: Record<string, string>
}

type Type = EnvSchema['properties'][string]['type']

const INTEGER = /^-?\d+$/

/**
 * The environment of the workload: the caller's values, validated by the template's schema, and the defaults for the
 * other variables. Throws `invalid-request`, which names every wrong variable, but never its value.
 */
export function resolveEnv ({ env: schema, name: template, manifest }: Template, given: GivenEnv): ResolvedEnv {
  const values = Object.entries({ ...defaultsOf(schema), ...given }).map(([name, value]) => {
    const type = schema.properties[name]?.type
    const text = Object.hasOwn(given, name) ? textFor(type, given, name) : String(value)
    return { name, type, value, text }
  })
  const typed = Object.fromEntries(values.map(({ name, type, value, text }) => [name, typedValue(value, text, type)]))
  const isUnknown = `is not among the variables of the template ${template}`
  const errors = [
    ...Object.keys(given).filter((name) => !Object.hasOwn(schema.properties, name)).map((name) => ({
      field: `env.${name}`,
      message: isUnknown
    })),
    ...schemaErrors(schema, typed),
    ...values.flatMap(({ name, type, value, text }) => {
      const wrong = wrongText(text) ??
        (type === 'integer' && Number.isInteger(value) && !INTEGER.test(text)
          ? 'is too large for an exponent or a fraction: send all its digits'
          : undefined)
      return wrong === undefined ? [] : [{ field: `env.${name}`, message: wrong }]
    }),
    ...tooLongOnes(manifest, Object.fromEntries(values.map(({ name, text }) => [name, text])))
  ]
  if (errors.length > 0) throw problem('invalid-request', `${errors[0]!.field} ${errors[0]!.message}`, { errors })

  const resolved: ResolvedEnv = { plain: {}, secret: {} }
  for (const { name, text } of values) resolved[schema.properties[name]?.writeOnly ? 'secret' : 'plain'][name] = text
  return resolved
}

/** The text of a value as the caller has sent it: for `1.10` and `9007199254740993` not what JavaScript writes. */
export function textOf (given: GivenEnv, name: string): string {
  const value = given[name]
  return typeof value === 'number' ? numberAsSent(given, name) ?? String(value) : String(value)
}

/** The text that the workload gets. `20.0` and `2e1` are integers too, but few programs read them as such. */
function textFor (type: Type | undefined, given: GivenEnv, name: string): string {
  const value = given[name]
  return type === 'integer' && Number.isSafeInteger(value) ? String(value) : textOf(given, name)
}

function defaultsOf (schema: EnvSchema): GivenEnv {
  return Object.fromEntries(
    Object.entries(schema.properties).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value]]
    )
  )
}

/**
 * Converts a string to the type in the schema, because a dotenv file has only strings. A number that is not written in
 * digits stays a string, so the schema refuses it.
 */
function typedValue (
  value: string | number | boolean,
  text: string,
  type: Type | undefined
): string | number | boolean {
  if (type === 'string') return text
  if (typeof value !== 'string') return value
  if ((type === 'integer' || type === 'number') && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

function schemaErrors (schema: EnvSchema, typed: GivenEnv): { field: string, message: string }[] {
  const validate = ajvOfTemplates.compile(schema)
  try {
    if (validate(typed)) return []
  } catch (error) {
    if (!(error instanceof SlowPattern)) throw error
    const [name] = Object.entries(typed).find((entry) => entry.includes(error.text)) ?? []
    return [{ field: `env.${name}`, message: error.message }]
  }
  return (validate.errors ?? []).filter(({ keyword }) => keyword !== 'additionalProperties').map(
    ({ instancePath, params, message = 'is not valid' }) => {
      const name = params['missingProperty'] ?? instancePath.slice(1)
      const allowed = params['allowedValues'] as unknown[] | undefined
      return {
        field: `env.${name}`,
        message: params['missingProperty'] ? 'is missing' : allowed ? `${message}: ${allowed.join(', ')}` : message
      }
    }
  )
}

/** The variables that are too long, or that make something of the workload too long that refers to them. */
function tooLongOnes ({ spec }: Template['manifest'], values: Record<string, string>): { field: string, message: string }[] {
  const workload = spec?.template.spec?.containers[0]
  return [
    ...Object.entries(values).filter(([name, value]) => isTooLong(`${name}=${value}`)).map(([name]) => ({
      field: `env.${name}`,
      message: `must not be longer than ${LONGEST - 2} bytes with its name: Linux starts no program with it`
    })),
    ...(workload === undefined ? [] : tooLong(workload, values)).flatMap(({ what, variables }) =>
      variables.map((name) => ({
        field: `env.${name}`,
        message: `makes ${what} longer than ${LONGEST - 1} bytes: Linux starts no program with it`
      }))
    )
  ]
}

/** Why no program could get this text as the value of a variable. */
function wrongText (text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain a NUL character'
  return text.isWellFormed() ? undefined : 'has half of a surrogate pair, which is not a character'
}
