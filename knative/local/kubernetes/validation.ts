import { type TSchema, Type } from 'typebox'
import { Errors } from 'typebox/value'
import { cannotRunJob, cannotRunPod } from './cannot.ts'
import { FIELD_PATH, RESOURCE } from './downward.ts'
import { type Job, type Objects, type Pod, type Resource, resources } from './objects.ts'
import { refusal } from './refusal.ts'

const { Array: List, Enum, Object: Fields, Optional, Record: MapOf, String: Text, Union } = Type
const Flag = Optional(Type.Boolean())

const DnsLabel = Text({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 })
const DnsSubdomain = Text({
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  maxLength: 253
})
const QualifiedName = Text({
  pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'
})
const LabelValue = Text({ pattern: '^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$', maxLength: 63 })
const Quantity = Union([Type.Number(), Text({ pattern: '^[+-]?[0-9.]+([eE][-+]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$' })])
const Quantities = Optional(MapOf(Text(), Quantity))
const Count = Optional(Type.Integer({ minimum: 0 }))
const Words = Optional(List(Text()))
const Data = Optional(
  MapOf(Text({ pattern: '^(?![.]{1,2}$)(?![.][.])[-._a-zA-Z0-9]{1,253}$' }), Text(), { additionalProperties: false })
)
/** A path within a volume. */
const InVolume = Text({ pattern: '^(?!/)(?!(.*/)?[.][.](/|$))' })
const Mode = Optional(Type.Integer({ minimum: 0, maximum: 0o777 }))
const Items = Optional(List(Fields({ key: Text(), mode: Mode, path: Text({ pattern: '^(?!/)(?!(.*/)?[.][.](/|$)).+' }) })))
const Reference = { name: Optional(Text()), optional: Flag }
const KeyReference = Optional(Fields({ ...Reference, key: Text() }))
const FieldReference = Optional(Fields({ fieldPath: Text({ pattern: FIELD_PATH }) }))
const ResourceReference = Optional(Fields({
  containerName: Optional(Text()),
  resource: Text({ pattern: RESOURCE }),
  divisor: Optional(Quantity)
}))

const metadata = {
  labels: Optional(MapOf(QualifiedName, LabelValue, { additionalProperties: false })),
  annotations: Optional(MapOf(QualifiedName, Text(), { additionalProperties: false })),
  finalizers: Words,
  ownerReferences: Optional(List(Fields({ apiVersion: Text(), kind: Text(), name: Text(), uid: Text() })))
}

const container = {
  name: DnsLabel,
  image: Text({ minLength: 1 }),
  command: Words,
  args: Words,
  env: Optional(List(Fields({
    name: Text({ pattern: '^[ -<>-~]+$' }),
    value: Optional(Text()),
    valueFrom: Optional(Fields({
      fieldRef: FieldReference,
      resourceFieldRef: ResourceReference,
      secretKeyRef: KeyReference,
      configMapKeyRef: KeyReference
    }))
  }))),
  envFrom: Optional(
    List(
      Fields({
        prefix: Optional(Text()),
        configMapRef: Optional(Fields(Reference)),
        secretRef: Optional(Fields(Reference))
      })
    )
  ),
  workingDir: Optional(Text()),
  volumeMounts: Optional(List(Fields({
    name: Text(),
    mountPath: Text({ minLength: 1, pattern: '^[^:]*$' }),
    subPath: Optional(InVolume),
    subPathExpr: Optional(InVolume)
  }))),
  resources: Optional(Fields({ limits: Quantities, requests: Quantities }))
}

const podSpec = {
  containers: List(Fields(container), { minItems: 1 }),
  initContainers: Optional(List(Fields({ ...container, restartPolicy: Optional(Enum(['Always'])) }))),
  terminationGracePeriodSeconds: Count,
  volumes: Optional(List(Fields({
    name: DnsLabel,
    emptyDir: Optional(Fields({ sizeLimit: Optional(Quantity) })),
    secret: Optional(Fields({ secretName: Text(), optional: Flag, items: Items, defaultMode: Mode })),
    configMap: Optional(Fields({ ...Reference, items: Items, defaultMode: Mode }))
  })))
}

const jobSpec = {
  parallelism: Count,
  completions: Count,
  backoffLimit: Count,
  activeDeadlineSeconds: Count,
  ttlSecondsAfterFinished: Count,
  suspend: Flag,
  completionMode: Enum(['NonIndexed', 'Indexed']),
  podReplacementPolicy: Enum(['TerminatingOrFailed', 'Failed']),
  template: Fields({
    metadata: Fields(metadata),
    spec: Fields({ ...podSpec, restartPolicy: Enum(['Never', 'OnFailure']) })
  })
}

const schemas: { [R in Resource]: TSchema } = {
  jobs: Fields({ metadata: Fields({ ...metadata, name: DnsLabel }), spec: Fields(jobSpec) }),
  pods: Fields({ metadata: Fields({ ...metadata, name: DnsSubdomain }), spec: Fields(podSpec) }),
  configmaps: Fields({ metadata: Fields({ ...metadata, name: DnsSubdomain }), data: Data, binaryData: Data }),
  secrets: Fields({ metadata: Fields({ ...metadata, name: DnsSubdomain }), data: Data, stringData: Data })
}

interface Cause {
  reason: string
  message: string
  field: string
}

const reasons: Record<string, string> = { required: 'FieldValueRequired', enum: 'FieldValueNotSupported' }

/**
 * Refuses objects with mistakes that a manifest, or the code that makes one, may have and that the API server refuses;
 * and then what is right, but cannot be done without a cluster. A value that cannot be decoded (a number instead of a
 * string, an invalid quantity) gives a 400, a broken rule a 422.
 */
export function validate (resource: Resource, object: Objects[Resource]): void {
  const { apiVersion, kind, group } = resources[resource]
  const causes: Cause[] = Errors(schemas[resource], object).map(({ keyword, instancePath, message, params }) => {
    const path = 'requiredProperties' in params ? `${instancePath}/${params.requiredProperties[0]}` : instancePath
    const field = path.slice(1).replace(/\/(\d+)(?=\/|$)/g, '[$1]').replaceAll('/', '.').replaceAll('~1', '/')
    if (keyword === 'type' || keyword === 'anyOf') {
      throw refusal(
        'BadRequest',
        `${kind} in version "${apiVersion}" cannot be handled as a ${kind}: ${field} ${message}`
      )
    }
    return {
      reason: reasons[keyword] ?? 'FieldValueInvalid',
      message: keyword === 'required' ? 'Required value' : message,
      field
    }
  })
  if (!causes.length && resource === 'jobs') {
    causes.push(...podCauses('spec.template.spec', (object as Job).spec.template.spec!))
  }
  if (!causes.length) {
    const impossible = resource === 'jobs'
      ? cannotRunJob(object as Job)
      : resource === 'pods' ? cannotRunPod((object as Pod).spec) : []
    if (!impossible.length) return
    throw refusal('BadRequest', `the local host cannot ${impossible.join(', and cannot ')}; a cluster can`)
  }
  const { name } = object.metadata
  throw refusal(
    'Invalid',
    `${[kind, group].filter(Boolean).join('.')} "${name}" is invalid: ${
      causes.map(({ field, message }) => `${field}: ${message}`).join(', ')
    }`,
    { name, ...(group && { group }), kind, causes }
  )
}

function * podCauses (at: string, spec: Pod['spec']): Generator<Cause> {
  const volumes = new Set<string>()
  for (const [index, { name }] of (spec.volumes ?? []).entries()) {
    if (volumes.has(name)) yield duplicate(name, `${at}.volumes[${index}].name`)
    volumes.add(name)
  }
  const names = new Set<string>()
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, { name, volumeMounts = [] }] of (spec[list] ?? []).entries()) {
      if (names.has(name)) yield duplicate(name, `${at}.${list}[${index}].name`)
      names.add(name)
      const paths = new Set<string>()
      for (const [mount, { name, mountPath }] of volumeMounts.entries()) {
        const field = `${at}.${list}[${index}].volumeMounts[${mount}]`
        if (!volumes.has(name)) {
          yield { reason: 'FieldValueNotFound', message: `Not found: "${name}"`, field: `${field}.name` }
        }
        if (paths.has(mountPath)) {
          yield {
            reason: 'FieldValueInvalid',
            message: `Invalid value: "${mountPath}": must be unique`,
            field: `${field}.mountPath`
          }
        }
        paths.add(mountPath)
      }
    }
  }
}

function duplicate (name: string, field: string): Cause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: "${name}"`, field }
}

/**
 * What the API server says about a Job that it takes all the same: of two variables of one name, the later one counts.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/api/pod/warnings.go
 */
export function warningsFor ({ spec }: Job): string[] {
  const { initContainers = [], containers } = spec.template.spec!
  return Object.entries({ initContainers, containers }).flatMap(([list, all]) =>
    all.flatMap(({ env = [] }, container) =>
      env.flatMap(({ name }, index) =>
        env.findIndex((one) => one.name === name) === index
          ? []
          : [`spec.template.spec.${list}[${container}].env[${index}]: hides previous definition of "${name}", which may ` +
            'be dropped when using apply']
      )
    )
  )
}
