import { Type, type Static } from 'typebox'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import { readYaml } from '../../../shared/settings/read-yaml.ts'
import { unusable } from './refusals.ts'

/** JSON Schema of one environment variable. The workload gets all values as strings; `writeOnly` marks a secret. */
const EnvVariable = Type.Object({
  type: Type.Union([Type.Literal('string'), Type.Literal('integer'), Type.Literal('number'), Type.Literal('boolean')]),
  description: Type.String({ minLength: 1 }),
  default: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  writeOnly: Type.Optional(Type.Boolean())
})
const EnvSchema = Type.Object({
  type: Type.Literal('object'),
  properties: Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), EnvVariable, {
    additionalProperties: false
  }),
  required: Type.Optional(Type.Array(Type.String())),
  additionalProperties: Type.Optional(Type.Literal(false))
})
export type EnvSchema = Static<typeof EnvSchema>

const ajv = newAjv({ useDefaults: false, meta: true, validateSchema: true })
const isEnvSchema = ajv.compile<EnvSchema>(EnvSchema)

/**
 * The schema of a template's variables, written as YAML in the annotation that `where` names. Finds an invalid schema,
 * or a default that it refuses, now and not at the first request.
 */
export function readVariables (yaml: string, where: string): EnvSchema {
  try {
    const env = readYaml(yaml)
    if (!isEnvSchema(env)) throw new Error(ajv.errorsText(isEnvSchema.errors, { dataVar: 'env' }))
    ajv.compile(env)
    for (const [variable, { default: value, ...schema }] of Object.entries(env.properties)) {
      if (value === undefined || ajv.validate(schema, value)) continue
      throw new Error(ajv.errorsText(ajv.errors, { dataVar: `the default of ${variable}` }))
    }
    return env
  } catch (cause) {
    throw unusable('variables', `${where}: ${(cause as Error).message.trim()}`, cause)
  }
}
