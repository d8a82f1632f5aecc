import type { V1Job } from '@kubernetes/client-node'
import { readYaml } from '../../../shared/settings/read-yaml.ts'
import { Type, type Static } from 'typebox'
import { lazyValidator } from '../../../shared/schema/lazy-validator.ts'
import { type Folder, folderOf } from '../../../shared/settings/read-folder.ts'
import { wrongName } from '../../../shared/results/wrong-name.ts'
import { parseRetention } from '../keep/retention.ts'
import { Annotations, DESCRIPTION, ENV, RESULT, RESULTS, RETENTION, START_DEADLINE } from './annotations.ts'
import { checkFields } from './check-fields.ts'
import { checkLengths } from './check-lengths.ts'
import { checkPrivileges } from './check-privileges.ts'
import { checkResults } from './check-results.ts'
import { plainPath } from './plain-path.ts'
import { unusable } from './refusals.ts'
import { type EnvSchema, readVariables } from './read-variables.ts'
import { schemaWords } from './schema-words.ts'
import { withoutNulls } from './without-nulls.ts'

const Container = Type.Object({
  name: Type.String(),
  image: Type.String(),
  volumeMounts: Type.Optional(Type.Array(Type.Object({ name: Type.String(), mountPath: Type.String() })))
})
const Manifest = Type.Object({
  apiVersion: Type.Literal('batch/v1', { 'x-message': 'must be batch/v1' }),
  kind: Type.Literal('Job', { 'x-message': 'must be Job' }),
  metadata: Type.Object({
    name: Type.String({
      pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
      'x-message': 'must be 1 to 63 lowercase letters, digits and hyphens'
    }),
    annotations: Annotations
  }),
  spec: Type.Object({
    template: Type.Object({
      spec: Type.Object({
        containers: Type.Array(Container, { minItems: 1 }),
        initContainers: Type.Optional(Type.Array(Container)),
        volumes: Type.Optional(Type.Array(Type.Object({ name: Type.String() })))
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

const isManifest = lazyValidator<Static<typeof Manifest>>(Manifest)

const NO_VARIABLES: EnvSchema = { type: 'object', properties: {}, additionalProperties: false }

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

function parsed (yaml: string): unknown {
  try {
    return readYaml(yaml)
  } catch (cause) {
    throw unusable('yaml', (cause as Error).message.trim(), cause)
  }
}

/** The name of a result file; a block of YAML text ends with a newline. */
function resultOf (annotation: string | undefined): string | undefined {
  const name = annotation?.trim()
  const wrong = name === undefined ? undefined : wrongName(name)
  if (wrong !== undefined) throw unusable('annotation', `annotation ${RESULT} ${wrong}`)
  return name
}

export function parseTemplate (yaml: string): Template {
  const manifest: unknown = withoutNulls(parsed(yaml))
  if (!isManifest(manifest)) {
    throw unusable('manifest', `not a template: ${schemaWords(isManifest.errors, 'the manifest')}`)
  }
  checkFields(manifest, manifest.metadata.annotations)
  const { name, annotations } = manifest.metadata
  const env = annotations[ENV] === undefined ? NO_VARIABLES : readVariables(annotations[ENV], `annotation ${ENV}`)
  const resultsPath = plainPath(annotations[RESULTS].trim())
  const { warnings } = checkResults(manifest as unknown as V1Job, resultsPath)
  checkLengths((manifest as unknown as V1Job).spec!.template.spec!, env)
  checkPrivileges((manifest as unknown as V1Job).spec!.template.spec!)
  return {
    name,
    description: annotations[DESCRIPTION].trim(),
    manifest: manifest as unknown as V1Job,
    env,
    resultsPath,
    demoResult: resultOf(annotations[RESULT]),
    startDeadlineSeconds: Number(annotations[START_DEADLINE] ?? 600),
    retentionSeconds: retentionOf(annotations[RETENTION]),
    warnings
  }
}
