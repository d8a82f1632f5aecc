import type { V1Job } from '@kubernetes/client-node'
import { load } from 'js-yaml'
import { Type, type Static, type TSchema } from 'typebox'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import { type Folder, folderOf } from '../../../shared/settings/read-folder.ts'
import { parseRetention } from '../keep/retention.ts'
import { checkResults } from './check-results.ts'
import { plainPath } from './plain-path.ts'

/** The annotations of a template's Job manifest. The rest of the manifest is plain Kubernetes. */
const DESCRIPTION = 'gx4ki.io/description'
const ENV = 'gx4ki.io/env'
const RESULTS = 'gx4ki.io/results'
const RESULT = 'gx4ki.io/result'
const START_DEADLINE = 'gx4ki.io/start-deadline-seconds'
const RETENTION = 'gx4ki.io/retention'

const annotations = Type.Object({
  [DESCRIPTION]: Type.String({ minLength: 1 }),
  [ENV]: Type.Optional(Type.String()),
  [RESULTS]: Type.String({ pattern: '^/' }),
  [RESULT]: Type.Optional(Type.String({ minLength: 1 })),
  [START_DEADLINE]: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,7}$' })),
  [RETENTION]: Type.Optional(Type.String())
})

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

/** What may be left out; YAML writes a field without a value as null. */
const absent = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([Type.Null(), schema]))

const Container = Type.Object({
  name: Type.String(),
  image: Type.String(),
  volumeMounts: absent(Type.Array(Type.Object({ name: Type.String(), mountPath: Type.String() })))
})
const Manifest = Type.Object({
  apiVersion: Type.Literal('batch/v1'),
  kind: Type.Literal('Job'),
  metadata: Type.Object({ name: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }), annotations }),
  spec: Type.Object({
    template: Type.Object({
      spec: Type.Object({
        containers: Type.Array(Container, { minItems: 1 }),
        initContainers: absent(Type.Array(Container)),
        volumes: absent(Type.Array(Type.Object({ name: Type.String() })))
      })
    })
  })
})

export interface Template {
  name: string
  description: string
  manifest: V1Job
  env: EnvSchema
  /** The directory for results in the workload's container. */
  resultsPath: string
  /** The file that `GET /demo` answers with. */
  demoResult: string | undefined
  startDeadlineSeconds: number
  retentionSeconds: number
  /** What its author should know; it can be used all the same. */
  warnings: string[]
}

const ajv = newAjv({ useDefaults: false, meta: true, validateSchema: true })
const isManifest = ajv.compile<Static<typeof Manifest>>(Manifest)
const isEnvSchema = ajv.compile<EnvSchema>(EnvSchema)

export type Templates = Folder<Template>

/** Returns a function that gives the current templates of a folder at each call. */
export function templatesIn (
  folder: string,
  refused: (file: string, reason: string) => void,
  warned: (name: string, warning: string) => void = () => {}
): () => Templates {
  return folderOf('templates', folder, (yaml) => {
    const template = parseTemplate(yaml)
    for (const warning of template.warnings) warned(template.name, warning)
    return template
  }, refused)
}

function retentionOf (annotation: string | undefined): number {
  try {
    return parseRetention(annotation)
  } catch (cause) {
    throw new Error(`annotation ${RETENTION}: ${(cause as Error).message}`, { cause })
  }
}

export function parseTemplate (yaml: string): Template {
  const manifest: unknown = load(yaml)
  if (!isManifest(manifest)) {
    throw new Error(`not a template: ${ajv.errorsText(isManifest.errors, { dataVar: 'manifest' })}`)
  }
  const { name, annotations } = manifest.metadata
  const env: unknown = annotations[ENV] === undefined ? { type: 'object', properties: {} } : load(annotations[ENV])
  if (!isEnvSchema(env)) throw new Error(`annotation ${ENV}: ${ajv.errorsText(isEnvSchema.errors, { dataVar: 'env' })}`)
  // Find an invalid JSON Schema, or a default that its schema refuses, now and not at the first request.
  ajv.compile(env)
  for (const [variable, { default: value, ...schema }] of Object.entries(env.properties)) {
    if (value !== undefined && !ajv.validate(schema, value)) {
      throw new Error(`annotation ${ENV}: ${ajv.errorsText(ajv.errors, { dataVar: `the default of ${variable}` })}`)
    }
  }
  const resultsPath = plainPath(annotations[RESULTS])
  const { warnings } = checkResults(manifest as unknown as V1Job, resultsPath)
  return {
    name,
    description: annotations[DESCRIPTION].trim(),
    manifest: manifest as unknown as V1Job,
    env: { ...env, additionalProperties: false },
    resultsPath,
    demoResult: annotations[RESULT],
    startDeadlineSeconds: Number(annotations[START_DEADLINE] ?? 600),
    retentionSeconds: retentionOf(annotations[RETENTION]),
    warnings
  }
}
