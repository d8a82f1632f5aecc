import { problem } from '../../../shared/http/problem.ts'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import type { Template } from '../templates/read-templates.ts'
import { isTooLong, LONGEST, tooLong } from '../templates/too-long.ts'
import type { EnvSchema } from '../templates/read-variables.ts'

export type GivenEnv = Record<string, string | number | boolean>
export interface ResolvedEnv {
  plain: Record<string, string>
  secret: Record<string, string>
}

const ajv = newAjv({ allErrors: true, useDefaults: false })

/**
 * The environment of the workload: the caller's values, validated by the template's schema, and the defaults for the
 * other variables. Throws `invalid-request`, which names every wrong variable, but never its value.
 */
export function resolveEnv ({ env: schema, name: template, manifest }: Template, given: GivenEnv): ResolvedEnv {
  const values = { ...defaultsOf(schema), ...given }
  const typed = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typedValue(value, schema.properties[name]?.type)])
  )
  const errors = [
    ...Object.keys(given).filter((name) => !Object.hasOwn(schema.properties, name)).map((name) => ({
      field: `env.${name}`,
      message: `is not among the variables of the template ${template}`
    })),
    ...schemaErrors(schema, typed),
    ...Object.entries(values).filter(([, value]) => String(value).includes('\0')).map(([name]) => ({
      field: `env.${name}`,
      message: 'must not contain a NUL character'
    })),
    ...tooLongOnes(manifest, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])))
  ]
  if (errors.length > 0) throw problem('invalid-request', `${errors[0]!.field} ${errors[0]!.message}`, { errors })

  const resolved: ResolvedEnv = { plain: {}, secret: {} }
  for (const [name, value] of Object.entries(values)) {
    resolved[schema.properties[name]?.writeOnly ? 'secret' : 'plain'][name] = String(value)
  }
  return resolved
}

function defaultsOf (schema: EnvSchema): GivenEnv {
  return Object.fromEntries(
    Object.entries(schema.properties).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value]]
    )
  )
}

/**
 * Converts a string to the type in the schema, because a dotenv file has only strings. A number that is not written as
 * in JSON stays a string, so the schema refuses it.
 */
function typedValue (
  value: string | number | boolean,
  type: EnvSchema['properties'][string]['type'] | undefined
): string | number | boolean {
  if (type === 'string') return String(value)
  if (typeof value !== 'string') return value
  if ((type === 'integer' || type === 'number') && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

function schemaErrors (schema: EnvSchema, typed: GivenEnv): { field: string, message: string }[] {
  const validate = ajv.compile(schema)
  if (validate(typed)) return []
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
