import type { V1Job } from '@kubernetes/client-node'
import { readYaml } from '../../../shared/settings/read-yaml.ts'
import { Type, type Static, type TSchema } from 'typebox'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import { type Folder, folderOf } from '../../../shared/settings/read-folder.ts'
import { parseRetention } from '../keep/retention.ts'
import { checkPrivileges } from './check-privileges.ts'
import { checkResults } from './check-results.ts'
import { isTooLong, tooLong } from './too-long.ts'
import { didYouMean, wrongFields } from './wrong-fields.ts'
import { plainPath } from './plain-path.ts'
import { type RefusalKind, unusable } from './refusals.ts'
import { type EnvSchema, readVariables } from './read-variables.ts'

/** The annotations of a template's Job manifest. The rest of the manifest is plain Kubernetes. */
const PREFIX = 'gx4ki.io/'
const DESCRIPTION = 'gx4ki.io/description'
const ENV = 'gx4ki.io/env'
const RESULTS = 'gx4ki.io/results'
const RESULT = 'gx4ki.io/result'
const START_DEADLINE = 'gx4ki.io/start-deadline-seconds'
const RETENTION = 'gx4ki.io/retention'
const NEWER_FIELDS = 'gx4ki.io/newer-fields'

const annotations = Type.Object({
  [DESCRIPTION]: Type.String({ minLength: 1 }),
  [ENV]: Type.Optional(Type.String()),
  [RESULTS]: Type.String({ pattern: '^/' }),
  [RESULT]: Type.Optional(Type.String({ minLength: 1 })),
  [START_DEADLINE]: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,7}$' })),
  [RETENTION]: Type.Optional(Type.String()),
  [NEWER_FIELDS]: Type.Optional(Type.String())
})

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

/**
 * Refuses fields that Kubernetes does not know, because it would ignore them: the job would run without its GPU. The
 * schema is that of the release that client-node was made for. An annotation lists the paths of fields that only a
 * newer cluster knows; they are sent as they are.
 */
function checkFields (manifest: object, annotations: Record<string, string>): void {
  const newer = new Set((annotations[NEWER_FIELDS] ?? '').split(/[\s,]+/))
  const wrong: { path: string, kind: RefusalKind, message: string }[] = wrongFields(manifest, 'V1Job')
    .filter(({ path }) => !newer.has(path))
  const known = [DESCRIPTION, ENV, RESULTS, RESULT, START_DEADLINE, RETENTION, NEWER_FIELDS]
    .map((name) => name.slice(PREFIX.length))
  for (const annotation of Object.keys(annotations)) {
    if (!annotation.startsWith(PREFIX) || known.includes(annotation.slice(PREFIX.length))) continue
    wrong.push({
      path: `metadata.annotations["${annotation}"]`,
      kind: 'annotation',
      // Without the prefix, which makes all of them similar.
      message: `is no annotation of a template${didYouMean(annotation.slice(PREFIX.length), known, PREFIX)}`
    })
  }
  if (wrong.length === 0) return
  const what = wrong.map(({ path, message }) => `${path} ${message}`).join('; ')
  throw unusable(wrong[0]!.kind, what)
}

/** The first container gets the variables. */
function checkLengths ({ spec }: V1Job, { properties }: EnvSchema): void {
  const { initContainers = [], containers } = spec!.template.spec!
  const [workload, ...others] = containers
  const defaults = Object.fromEntries(
    Object.entries(properties).map(([name, { default: value = '' }]) => [name, String(value)])
  )
  const given = Object.entries(defaults).filter(([name, value]) => isTooLong(`${name}=${value}`))
  const found = [
    ...given.map(([name]) => `the default of ${name}`),
    ...[...initContainers, ...others].flatMap((container) => tooLong(container, {})).map(({ what }) => what),
    ...tooLong(workload!, defaults).map(({ what }) => what)
  ]
  if (found.length > 0) throw unusable('length', `${found.join(', ')} is too long`)
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
  checkLengths(manifest as unknown as V1Job, env)
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
