import type { V1Job } from '@kubernetes/client-node'
import { readYaml } from '../../../shared/settings/read-yaml.ts'
import { Type, type Static, type TSchema } from 'typebox'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import { type Folder, folderOf } from '../../../shared/settings/read-folder.ts'
import { parseRetention } from '../keep/retention.ts'
import { Annotations, DESCRIPTION, ENV, RESULT, RESULTS, RETENTION, START_DEADLINE } from './annotations.ts'
import { checkFields } from './check-fields.ts'
import { checkLengths } from './check-lengths.ts'
import { checkPrivileges } from './check-privileges.ts'
import { checkResults } from './check-results.ts'
import { plainPath } from './plain-path.ts'
import { unusable } from './refusals.ts'
import { type EnvSchema, readVariables } from './read-variables.ts'

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
  metadata: Type.Object({
    name: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }),
    annotations: Annotations
  }),
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

const ajv = newAjv({ useDefaults: false })
const isManifest = ajv.compile<Static<typeof Manifest>>(Manifest)

const NO_VARIABLES: EnvSchema = { type: 'object', properties: {} }

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
    throw unusable('annotation', `annotation ${RETENTION}: ${(cause as Error).message}`, cause)
  }
}

/** Without the fields that are null: they count as absent, as for the API server. */
function withoutNulls (yaml: unknown): unknown {
  return JSON.parse(JSON.stringify(yaml, (_, value: unknown) => value ?? undefined) ?? 'null')
}

function parsed (yaml: string): unknown {
  try {
    return readYaml(yaml)
  } catch (cause) {
    throw unusable('yaml', (cause as Error).message.trim(), cause)
  }
}

export function parseTemplate (yaml: string): Template {
  const manifest: unknown = withoutNulls(parsed(yaml))
  if (!isManifest(manifest)) {
    throw unusable('manifest', `not a template: ${ajv.errorsText(isManifest.errors, { dataVar: 'manifest' })}`)
  }
  checkFields(manifest, manifest.metadata.annotations)
  const { name, annotations } = manifest.metadata
  const env = annotations[ENV] === undefined ? NO_VARIABLES : readVariables(annotations[ENV], `annotation ${ENV}`)
  const resultsPath = plainPath(annotations[RESULTS])
  const { warnings } = checkResults(manifest as unknown as V1Job, resultsPath)
  checkLengths((manifest as unknown as V1Job).spec!.template.spec!, env)
  checkPrivileges((manifest as unknown as V1Job).spec!.template.spec!)
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
