import { randomInt, randomUUID } from 'node:crypto'
import { type Job, type Objects, type Pod, type Resource, resources, type Secret, timestamp } from './objects.ts'
import { refusal } from './refusal.ts'
import { validate } from './validation.ts'

/** Returns the object as it will be stored, with its identity and the server's defaults. Throws if it is not valid. */
export function admit<R extends Resource> (resource: R, namespace: string, body: unknown): Objects[R] {
  const { apiVersion, kind } = resources[resource]
  const given = structuredClone(body) as Objects[R]
  const { name, generateName } = given.metadata ?? {}
  const object: Objects[R] = {
    apiVersion,
    kind,
    ...given,
    metadata: {
      ...given.metadata,
      namespace: given.metadata?.namespace ?? namespace,
      name: name || (generateName ? generateName.slice(0, 58) + randomSuffix() : ''),
      uid: randomUUID(),
      creationTimestamp: timestamp(),
      ...('spec' in given && { generation: 1 })
    }
  }
  if (object.kind !== kind || object.apiVersion !== apiVersion) {
    throw refusal(
      'BadRequest',
      `the object is a ${object.kind} of ${object.apiVersion}, but a ${kind} of ${apiVersion} was expected`
    )
  }
  if (object.metadata.namespace !== namespace) {
    throw refusal('BadRequest', 'the namespace of the provided object does not match the namespace sent on the request')
  }
  if (resource === 'jobs') completeJob(object as Job)
  if (resource === 'pods') {
    Object.assign(object, { spec: { restartPolicy: 'Always', ...(object as Pod).spec }, status: { phase: 'Pending' } })
  }
  if (resource === 'secrets') encodeStrings(object as Secret)
  validate(resource, object)
  return object
}

/** Five random characters as a real server appends them: no vowels, and no characters that look alike. */
const randomSuffix = (): string =>
  Array.from({ length: 5 }, () => 'bcdfghjklmnpqrstvwxz2456789'[randomInt(27)]).join('')

function completeJob (job: Job): void {
  const { name, uid } = job.metadata
  const owner = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name
  }
  const template: Partial<Job['spec']['template']> = job.spec?.template ?? {}
  job.status = {}
  job.spec = {
    parallelism: 1,
    completions: 1,
    completionMode: 'NonIndexed',
    backoffLimit: 6,
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    ...job.spec,
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
    template: {
      metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...owner } },
      spec: { terminationGracePeriodSeconds: 30, ...template.spec! }
    }
  }
}

/** Moves `stringData`, which is write-only, to `data` as base64. */
export function encodeStrings (secret: Secret): void {
  const encoded = Object.entries(secret.stringData ?? {}).map((
    [key, value]
  ) => [key, Buffer.from(value).toString('base64')])
  secret.type ??= 'Opaque'
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) }
  delete secret.stringData
}
