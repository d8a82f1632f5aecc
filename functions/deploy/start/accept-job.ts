import { invalidField, isProblem, problem } from '../../../shared/http/problem.ts'
import { createdAt, newJobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { createRecord, readRecord } from '../../../shared/job/record-store.ts'
import { seal } from '../../../shared/job/seal.ts'
import type { Target } from '../../../shared/job/target.ts'
import { markerKey, stateKey } from '../../../shared/store/bucket-layout.ts'
import { headObject, removeObject } from '../../../shared/store/object-store.ts'
import { claimJob, claimObject, keyed } from './job-claim.ts'
import { QUEUE_LABEL } from './job-objects.ts'
import { neverSent } from './never-sent.ts'
import { checkOpenJobs, putMarker } from './open-jobs.ts'
import type { Template } from '../templates/read-templates.ts'
import { type GivenEnv, type ResolvedEnv, resolveEnv } from '../intake/resolve-env.ts'
import { checkJob, type Deps, isGivenUp, startJob } from './start-job.ts'
import { askToStop, finishStop } from '../keep/stop-job.ts'

export interface DeployRequest {
  template: string
  env: GivenEnv
  queue?: string
  /** The W3C trace context that it came in. */
  traceparent?: string | undefined
  /** Whom to tell of the job, besides the sink. */
  targets?: Target[]
  /** Whose job it is to be. */
  owner?: string | undefined
  /** How many open jobs the owner may have, this one among them. */
  mostOpen?: number | undefined
}

/**
 * Accepts a job: marker, record, Job, in this order, so that whatever is cut off is found by the ping and finished.
 * Answers when Kubernetes has accepted the Job. With an idempotency key the same request gives the same job, however
 * often it comes. When Kubernetes refuses or cannot be reached nothing of the job remains, as far as that can be known.
 */
export async function acceptJob (deps: Deps, request: DeployRequest, key?: string): Promise<JobRecord> {
  const template = templateOf(deps, request)
  const env = resolveEnv(template, request.env)
  const queue = queueOf(template, request)
  const object = key === undefined ? undefined : claimOf(deps, key, request.owner)
  if (request.mostOpen !== undefined && !await isRepeated(deps, object)) {
    await checkOpenJobs(deps.store, request.owner, request.mostOpen)
  }
  const claim = object === undefined ? undefined : await claimKey(deps, object, template, env, request)
  const id = claim?.id ?? newJobId()
  const earlier = claim?.isNew === false ? await readRecord(deps.store, id) : undefined
  if (earlier !== undefined) {
    const { record } = earlier
    // Somebody else with this key is about to answer so, and to free the key.
    if (isGivenUp(record) && !isTerminal(record.state)) throw givenUp(id)
    // Whoever accepted it may have been cut off before it had all it needs.
    return record.job_uid === undefined && record.stop === undefined && !isTerminal(record.state)
      ? await startJob(deps, record)
      : record
  }

  const record = newRecord(deps, template, id, env, { ...request, queue, idempotency: object })
  await putMarker(deps.store, record)
  const isOurs = await createRecord(deps.store, record)
  if (!isOurs && await readRecord(deps.store, id) === undefined) {
    throw problem(
      'store-unavailable',
      'The job of this idempotency key has expired and is just being removed; ask again'
    )
  }
  try {
    return await startJob(deps, record)
  } catch (error) {
    if (isProblem(error, 'store-unavailable')) {
      throw problem(
        'store-unavailable',
        'The job is accepted, but the store did not note down that it is started; it goes on all the same',
        { job_uuid: id, cause: error }
      )
    }
    // Of several with one key, who made the record answers for the job; another's bad luck must not end it.
    if (!isOurs || !ofKubernetes(error)) throw error
    return await withdraw(deps, id, object, error)
  }
}

function ofKubernetes (error: unknown): error is Error {
  return isProblem(error, 'rejected-by-kubernetes') || isProblem(error, 'kubernetes-unavailable')
}

/** As far as accepting a job goes without making anything: the environment it would get. */
export async function tryJob (
  deps: Deps,
  request: DeployRequest
): Promise<{ template: string, env: Record<string, string> }> {
  const template = templateOf(deps, request)
  const env = resolveEnv(template, request.env)
  await checkJob(deps, template, newJobId(), env, queueOf(template, request))
  return { template: template.name, env: env.plain }
}

export function templateOf ({ templates }: Deps, { template: name }: DeployRequest): Template {
  const { usable, refused } = templates()
  const template = usable.get(name)
  if (template === undefined) {
    const reason = refused.get(`${name}.yaml`) ?? refused.get(`${name}.yml`)
    const detail = reason === undefined
      ? `There is no template ${name}`
      : `The template ${name} cannot be used: ${reason}`
    throw problem('unknown-template', detail, {
      errors: [{ field: 'template', message: `must be one of: ${[...usable.keys()].join(', ')}` }]
    })
  }
  return template
}

/** A template that names a queue means it: whoever wrote it shares the cluster out. */
function queueOf ({ manifest, name }: Template, { queue }: DeployRequest): string | undefined {
  const own = manifest.metadata?.labels?.[QUEUE_LABEL]
  if (queue !== undefined && own !== undefined && queue !== own) {
    throw invalidField('queue', `must be ${own}, the queue of the template ${name}`)
  }
  return queue
}

export function newRecord (
  { tokenKey, hasSink }: Deps,
  template: Template,
  id: string,
  { plain, secret }: ResolvedEnv,
  { owner, queue, idempotency, traceparent, targets = [] }:
    & Pick<DeployRequest, 'owner' | 'traceparent' | 'targets'>
    & Record<'queue' | 'idempotency', string | undefined>
): JobRecord {
  const at = createdAt(id)
  const told: Target[] = hasSink ? [...targets, { kind: 'sink' }] : targets
  return {
    job_uuid: id,
    revision: 1,
    state: 'accepted',
    template: template.name,
    ...(owner !== undefined && { owner }),
    env: plain,
    ...(queue !== undefined && { queue }),
    ...(idempotency !== undefined && { idempotency }),
    ...(traceparent !== undefined && { traceparent }),
    ...(Object.keys(secret).length > 0 && { sealed_env: seal(tokenKey, id, secret) }),
    created_at: at.toISOString(),
    start_by: new Date(Date.now() + template.startDeadlineSeconds * 1000).toISOString(),
    retention_seconds: template.retentionSeconds,
    history: [{ state: 'accepted', at: at.toISOString() }],
    ...(told.length > 0 && { targets: told })
  }
}

/** The object of an idempotency key; the key of one caller means nothing for another. */
function claimOf ({ tokenKey }: Deps, key: string, owner: string | undefined): string {
  return claimObject(tokenKey, JSON.stringify(['idempotency key', owner, key]))
}

/** Whether it is asked for a job that was asked for before: then there is none more of them. */
async function isRepeated ({ store }: Deps, claim: string | undefined): Promise<boolean> {
  return claim !== undefined && await headObject(store, claim) !== undefined
}

/**
 * Ties an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) to one job. The fingerprint is keyed, because
 * it covers secret values.
 */
async function claimKey (
  { store, tokenKey }: Deps,
  object: string,
  template: Template,
  { plain, secret }: ResolvedEnv,
  { queue, targets }: DeployRequest
): Promise<{ id: string, isNew: boolean }> {
  const fingerprint = keyed(
    tokenKey,
    JSON.stringify([template.name, Object.entries({ ...plain, ...secret }).sort(), queue, targets])
  )
  const claim = await claimJob(store, object, fingerprint)
  if (claim.fingerprint !== fingerprint) {
    throw problem(
      'idempotency-mismatch',
      'This idempotency key belongs to a request with another template, environment, queue or callback',
      {
        job_uuid: claim.job_uuid,
        errors: [{ field: 'Idempotency-Key', message: 'was used with another request' }]
      }
    )
  }
  return { id: claim.job_uuid, isNew: claim.isNew }
}

/**
 * Takes back what was accepted, by throwing. When it is certain that there is no Job, nothing is left; when Kubernetes
 * may have it and may not, the job is stopped instead, and the ping sees to it. The key is free again either way: a
 * retry is a new job. Answers the record if the ping, or another request with the key, has started the job meanwhile:
 * then it goes on.
 */
async function withdraw (
  deps: Deps,
  id: string,
  keyObject: string | undefined,
  error: Error
): Promise<JobRecord> {
  const { store } = deps
  // First, so that whoever is still about to start it finds the stop, and deletes the Job.
  const stopped = await askToStop(store, id, 'KubernetesUnavailable', (record) => record.job_uid === undefined)
  if (stopped?.job_uid !== undefined) return stopped
  if (keyObject !== undefined) await removeObject(store, keyObject)
  if (isProblem(error, 'rejected-by-kubernetes') || neverSent(error.cause)) {
    await removeObject(store, stateKey(id))
    await removeObject(store, markerKey(id))
    throw error
  }
  if (stopped !== undefined && !isTerminal(stopped.state)) await finishStop(deps, stopped)
  throw givenUp(id, error)
}

function givenUp (id: string, cause?: unknown): Error {
  return problem('kubernetes-unavailable', 'Kubernetes did not say whether it has the Job; the job is given up', {
    job_uuid: id,
    cause
  })
}
