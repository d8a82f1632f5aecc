import type { ErrorObject } from 'ajv'
import { Type, type Static } from 'typebox'
import { lazyValidator } from '../../../shared/schema/lazy-validator.ts'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import { readYaml } from '../../../shared/settings/read-yaml.ts'
import { ajvOfTemplates, optionsOfTemplates } from './ajv-of-templates.ts'
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

const isEnvSchema = lazyValidator<EnvSchema>(EnvSchema)

const number = Type.Optional(Type.Number())
const size = Type.Optional(Type.Integer({ minimum: 0 }))
/** The keywords that most variables have, with the values that JSON Schema wants for them. */
const isPlain = lazyValidator<EnvSchema>(Type.Object({
  properties: Type.Record(Type.String(), Type.Object({
    ...EnvVariable.properties,
    enum: Type.Optional(Type.Array(Type.Unknown(), { minItems: 1, uniqueItems: true })),
    exclusiveMaximum: number,
    exclusiveMinimum: number,
    maximum: number,
    maxLength: size,
    minimum: number,
    minLength: size,
    pattern: Type.Optional(Type.String({ format: 'regex' }))
  }, { additionalProperties: false }))
}))

/** Checks a schema with the meta-schema of JSON Schema as well. It takes longer to compile than all else at a start. */
let thorough: ReturnType<typeof newAjv> | undefined

function ajvFor (env: EnvSchema): ReturnType<typeof newAjv> {
  if (isPlain(env)) return ajvOfTemplates
  thorough ??= newAjv({ ...optionsOfTemplates, meta: true, validateSchema: true })
  return thorough
}

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

/** Refuses defaults that the schema of their variable refuses. */
function checkDefaults ({ properties }: EnvSchema, ajv: ReturnType<typeof newAjv>): void {
  const given = Object.entries(properties).filter(([, { default: value }]) => value !== undefined)
  const defaults = Object.fromEntries(given.map(([name, { default: value }]) => [name, value]))
  if (ajv.validate({ properties: Object.fromEntries(given) }, defaults)) return
  const [{ instancePath, message }] = ajv.errors as [ErrorObject]
  throw new Error(`the default of ${instancePath.slice(1)} ${message}`)
}

/** Refuses whole numbers with more digits than YAML's numbers have: the workload would get another number. */
function checkDigits (variable: string, type: string, values: unknown[]): void {
  const wrong = type === 'integer' && values.find((value) => Number.isInteger(value) && !Number.isSafeInteger(value))
  if (wrong) throw new Error(`${variable}: a number near ${wrong as number} loses its last digits; make it a string`)
}

/**
 * The schema of a template's variables, written as YAML in the annotation that `where` names. Finds an invalid schema,
 * or a default that it refuses, now and not at the first request. The result takes no variables but those in it.
 */
export function readVariables (yaml: string, where: string): EnvSchema {
  try {
    const env = readYaml(yaml)
    if (!isEnvSchema(env)) throw new Error(schemaWords(isEnvSchema.errors, 'the schema'))
    checkNames(env)
    checkKeywords(env)
    for (const [variable, { default: value, ...schema }] of Object.entries(env.properties)) {
      checkDigits(variable, schema.type, [value, ...(schema as { enum?: unknown[] }).enum ?? []])
    }
    const closed: EnvSchema = { ...env, additionalProperties: false }
    const ajv = ajvFor(env)
    // Of a plain schema, resolveEnv uses this validator for the values of callers.
    ajv.compile(closed)
    checkDefaults(env, ajv)
    return closed
  } catch (cause) {
    throw unusable('variables', `${where}: ${(cause as Error).message.trim()}`, cause)
  }
}
