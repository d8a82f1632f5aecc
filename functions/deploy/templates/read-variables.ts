import { Type, type Static } from 'typebox'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import { readYaml } from '../../../shared/settings/read-yaml.ts'
import { forTemplates } from './bounded-pattern.ts'
import { unusable } from './refusals.ts'
import { schemaWords } from './schema-words.ts'

/** JSON Schema of one environment variable. The workload gets all values as strings; `writeOnly` marks a secret. */
const EnvVariable = Type.Object({
  type: Type.Enum(['string', 'integer', 'number', 'boolean']),
  description: Type.String({ minLength: 1 }),
  default: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  writeOnly: Type.Optional(Type.Boolean())
})
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const EnvSchema = Type.Object({
  type: Type.Literal('object'),
  properties: Type.Record(Type.String({ pattern: NAME.source }), EnvVariable),
  required: Type.Optional(Type.Array(Type.String())),
  additionalProperties: Type.Optional(Type.Literal(false))
})
export type EnvSchema = Static<typeof EnvSchema>

const ajv = newAjv({ ...forTemplates, useDefaults: false, meta: true, validateSchema: true })
const isEnvSchema = ajv.compile<EnvSchema>(EnvSchema)

/** What YAML makes of `N`, `off`, `y` and the like as a name, where it stands without quotes. */
const BOOLEANS = ['true', 'false']

function checkNames ({ properties, required = [] }: EnvSchema): void {
  for (const name of Object.keys(properties)) {
    if (BOOLEANS.includes(name)) throw new Error(`a variable has the name ${name}: write a name such as N, y or off in quotes`)
    if (!NAME.test(name)) throw new Error(`${JSON.stringify(name)} cannot be the name of a variable: it has letters, digits and _`)
    if (name === '__proto__') throw new Error('a variable cannot have the name __proto__')
  }
  const unknown = required.find((name) => !Object.hasOwn(properties, name))
  if (unknown !== undefined) throw new Error(`required has ${unknown}, which is not in properties`)
}

/**
 * Refuses what is about a schema, and not about its values: `$async` would make the errors those of a promise, and a
 * second schema of the same `$id`, such as the changed template, could not be compiled.
 */
function checkKeywords (schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === '$async' || keyword === '$id') throw new Error(`${keyword} cannot be used`)
    checkKeywords(value)
  }
}

/**
 * The schema of a template's variables, written as YAML in the annotation that `where` names. Finds an invalid schema,
 * or a default that it refuses, now and not at the first request.
 */
export function readVariables (yaml: string, where: string): EnvSchema {
  try {
    const env = readYaml(yaml)
    if (!isEnvSchema(env)) throw new Error(schemaWords(isEnvSchema.errors, 'the schema'))
    checkNames(env)
    checkKeywords(env)
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
