import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesObject, V1Secret, V1Status } from '@kubernetes/client-node'
import { readAll } from '../../../shared/http/bodies/read-all.ts'
import { problem, type ProblemError } from '../../../shared/http/problem.ts'
import { askApiServer } from '../../../shared/kubernetes/ask-api-server.ts'
import { type Cluster, genuine, kubernetesUnavailable } from '../../../shared/kubernetes/cluster.ts'

const paths = { jobs: 'apis/batch/v1', configmaps: 'api/v1', secrets: 'api/v1', pods: 'api/v1' }

type Place = Pick<Cluster, 'api' | 'namespace'>

/** What the API server made of a request for a new object. */
export interface Creation {
  /** Its kind and metadata; `undefined` when there is one of this name already. */
  object: KubernetesObject | undefined
  /** What the API server says about it, such as that Pod Security will refuse the pods of a Job. */
  warnings: string[]
}

/**
 * Asks for no more than the metadata of the object: nothing else is used, and the values of a Secret do not come back.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches
 */
const ACCEPT = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json'

/** A contended quota answers 409 `Conflict`, and has made nothing: https://github.com/kubernetes/kubernetes/issues/67761 */
const CONFLICT_TRIES = 5

/**
 * Creates an object exactly as it is. client-node would drop the fields that it does not know, and a newer cluster may
 * know them. Throws `rejected-by-kubernetes` or `quota-exceeded` when the API server has refused the object, and
 * `kubernetes-unavailable` otherwise; its cause says whether an object can have been made (never-made.ts).
 */
export async function createObject (
  cluster: Place,
  resource: keyof typeof paths,
  body: KubernetesObject,
  options: { dryRun?: 'All' | undefined } = {}
): Promise<Creation> {
  for (let tried = 1; ; tried++) {
    const creation = await tryToCreate(cluster, resource, body, options)
    if (!('conflict' in creation)) return creation
    if (tried === CONFLICT_TRIES) throw notMade(creation.conflict)
    await sleep(50 * tried * (1 + Math.random()))
  }
}

async function tryToCreate (
  cluster: Place,
  resource: keyof typeof paths,
  body: KubernetesObject,
  { dryRun }: { dryRun?: 'All' | undefined }
): Promise<Creation | { conflict: string }> {
  const path = `/${paths[resource]}/namespaces/${cluster.namespace}/${resource}`
  const answer = await send(cluster, dryRun === undefined ? path : `${path}?dryRun=${dryRun}`, body)
  const status = answer.body as V1Status | undefined
  if (answer.status < 300 && status?.kind !== 'Status') {
    return { object: created(answer.body as KubernetesObject), warnings: warningsIn(answer.warning) }
  }
  if (status?.kind !== 'Status' || answer.status < 400 || answer.status >= 500) {
    throw kubernetesUnavailable(new Error(`POST ${path}: ${answer.status}`))
  }
  const { reason } = status
  const message = withoutSecrets(body, status.message ?? `the API server answered ${answer.status}`)
  if (reason === 'AlreadyExists') return { object: undefined, warnings: [] }
  if (reason === 'Conflict') return { conflict: message }
  // The function itself is not let in, or is to slow down: that says nothing about the object.
  if (answer.status === 401 || answer.status === 429) throw notMade(message)
  if (answer.status === 403 && message.includes('exceeded quota')) {
    throw problem('quota-exceeded', message, { headers: { 'retry-after': '60' } })
  }
  throw problem('rejected-by-kubernetes', message)
}

async function send (
  cluster: Place,
  path: string,
  body: object
): Promise<{ status: number, warning: string | undefined, body: unknown }> {
  try {
    const response = await askApiServer(cluster, path, {
      method: 'POST',
      headers: { accept: ACCEPT },
      body: JSON.stringify(body)
    })
    const { statusCode: status, headers: { warning } } = response
    return { status: status!, warning, body: parse((await readAll(response)).toString()) }
  } catch (error) {
    throw kubernetesUnavailable(error)
  }
}

/** `undefined` for what is no JSON, such as the error page of a proxy. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The texts of a `Warning` header (RFC 7234, 5.5), of which there may be several: `299 - "text"`. */
function warningsIn (header = ''): string[] {
  return [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text!.replace(/\\(.)/g, '$1'))
}

/** The object that was created. A proxy may answer with 200 and a page instead: then it is not known what was made. */
function created (answer: KubernetesObject): KubernetesObject {
  try {
    return genuine(answer)
  } catch (error) {
    throw kubernetesUnavailable(error)
  }
}

/** An admission webhook may quote what it refuses, and the caller and the log see its words. */
function withoutSecrets (body: KubernetesObject, message: string): string {
  const { stringData = {} } = body as V1Secret
  return Object.values(stringData).reduce((text, value) => value === '' ? text : text.replaceAll(value, '…'), message)
}

/** The problem for a request that Kubernetes did not take just now, in its own words. */
function notMade (message: string): ProblemError {
  const cause = Object.assign(new Error(message), { code: 'NotMade' })
  return problem('kubernetes-unavailable', `Kubernetes did not make the object: ${message}`, { cause })
}
