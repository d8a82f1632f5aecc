import { invalidField, isProblem, problem } from '../../../shared/http/problem.ts'
import { createdAt, newJobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { createRecord, readRecord } from '../../../shared/job/record-store.ts'
import { seal } from '../../../shared/job/seal.ts'
import type { Target } from '../../../shared/job/target.ts'
import { QUEUE_LABEL } from '../../../shared/kubernetes/cluster.ts'
import { markerKey, stateKey } from '../../../shared/store/bucket-layout.ts'
import { headObject, removeObject } from '../../../shared/store/object-store.ts'
import { claimJob, claimObject, keyed } from './job-claim.ts'
import { neverMade } from './never-made.ts'
import { checkOpenJobs, putMarker } from './open-jobs.ts'
import type { Template } from '../templates/read-templates.ts'
import { type GivenEnv, type ResolvedEnv, resolveEnv } from '../intake/resolve-env.ts'
import { checkJob, type Deps, isGivenUp, isRefused, startJob } from './start-job.ts'
import { askToStop, finishStop } from '../keep/stop-job.ts'

export interface DeployRequest {
  template: string
  env: GivenEnv
  queue?: string
  /** The W3C trace context of the request. */
  traceparent?: string | undefined
  /** The receivers of callbacks about the job, besides the sink. */
  targets?: Target[]
  /** The owner of the new job. */
  owner?: string | undefined
  /** How many open jobs the owner may have, including this one. */
  mostOpen?: number | undefined
}

/**
 * Accepts a job: writes the marker and the record, then creates the Job. Because of this order, the ping finds and
 * finishes a job after a crash at any step. Returns when Kubernetes has accepted the Job. Repeated requests with the
 * same idempotency key get the same job. When Kubernetes refuses the Job or the request certainly did not reach it,
 * nothing of the job remains.
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
    // Another request with this key is giving the job up: it throws the same problem and frees the key.
    if (isGivenUp(record) && !isTerminal(record.state)) throw givenUp(id)
    // The process that accepted the job may have crashed before it made all objects.
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
      'The job of this idempotency key has expired and is being removed; send the request again'
    )
  }
  try {
    return await startJob(deps, record)
  } catch (error) {
    if (isProblem(error, 'store-unavailable')) {
      throw problem(
        'store-unavailable',
        'The job is started, but the store did not update its record; the job continues, and a ping repairs the record',
        { job_uuid: id, cause: error }
      )
    }
    // If several requests have one key, only the one that created the record may withdraw the job.
    if (!isOurs || !ofKubernetes(error)) throw error
    return await withdraw(deps, id, object, error)
  }
}

function ofKubernetes (error: unknown): error is Error {
  return isRefused(error) || isProblem(error, 'kubernetes-unavailable')
}

/** Checks a request for a job and creates nothing. Returns the environment that the workload would get. */
export async function tryJob (
  deps: Deps,
  request: DeployRequest
): Promise<{ template: string, env: Record<string, string>, warnings: string[] }> {
  const template = templateOf(deps, request)
  const env = resolveEnv(template, request.env)
  const warnings = await checkJob(deps, template, newJobId(), env, queueOf(template, request))
  return { template: template.name, env: env.plain, warnings }
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

/** A caller cannot change a queue that the template sets, because the operator divides the cluster with it. */
function queueOf ({ manifest, name }: Template, { queue }: DeployRequest): string | undefined {
  const own = manifest.metadata?.labels?.[QUEUE_LABEL]
  if (queue !== undefined && own !== undefined && queue !== own) {
    throw invalidField('queue', `must be ${own}, the queue that the template ${name} sets`)
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

/** The key of the claim object of an idempotency key. Equal idempotency keys of two callers have different objects. */
function claimOf ({ tokenKey }: Deps, key: string, owner: string | undefined): string {
  return claimObject(tokenKey, JSON.stringify(['idempotency key', owner, key]))
}

/** Whether the claim exists already. Then the request repeats an earlier one, and the number of jobs does not grow. */
async function isRepeated ({ store }: Deps, claim: string | undefined): Promise<boolean> {
  return claim !== undefined && await headObject(store, claim) !== undefined
}

/**
 * Ties an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) to one job. The fingerprint is an HMAC, because
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
      'This idempotency key was used with another template, environment, queue or callback; use a new key',
      {
        job_uuid: claim.job_uuid,
        errors: [{ field: 'Idempotency-Key', message: 'was used with another request' }]
      }
    )
  }
  return { id: claim.job_uuid, isNew: claim.isNew }
}

/**
 * Withdraws an accepted job and throws. When it is certain that Kubernetes has no Job, the marker and the record are
 * removed. When Kubernetes may have the Job, the job is stopped, and the ping deletes the Job. In both cases the
 * idempotency key is free again, so a retry is a new job. Does not throw, but returns the record, when the ping or
 * another request with the key has started the job in the meantime: then the job continues.
 */
async function withdraw (
  deps: Deps,
  id: string,
  keyObject: string | undefined,
  error: Error
): Promise<JobRecord> {
  const { store } = deps
  // Write the stop first. A process that is still starting the job then sees it and deletes the Job.
  const stopped = await askToStop(store, id, 'KubernetesUnavailable', (record) => record.job_uid === undefined)
  if (stopped?.job_uid !== undefined) return stopped
  if (keyObject !== undefined) await removeObject(store, keyObject)
  if (isRefused(error) || neverMade((error as Error).cause)) {
    await removeObject(store, stateKey(id))
    await removeObject(store, markerKey(id))
    throw error
  }
  if (stopped !== undefined && !isTerminal(stopped.state)) await finishStop(deps, stopped)
  throw givenUp(id, error)
}

function givenUp (id: string, cause?: unknown): Error {
  return problem(
    'kubernetes-unavailable',
    'Kubernetes did not confirm that it has the Job, so the job is given up; send the request again',
    { job_uuid: id, cause }
  )
}
