import { invalidField, isProblem, problem } from '../../../shared/http/problem.ts'
import { createdAt, newJobId } from '../../../shared/job/job-id.ts'
import { putIntoLists } from '../../../shared/job/job-lists.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { createRecord, readRecord } from '../../../shared/job/record-store.ts'
import { seal } from '../../../shared/job/seal.ts'
import type { Target } from '../../../shared/job/target.ts'
import { QUEUE_LABEL } from '../../../shared/kubernetes/cluster.ts'
import { claimJob, claimObject, type JobClaim, keyed, readClaim } from './job-claim.ts'
import { checkOpenJobs, putMarker } from './open-jobs.ts'
import type { Template } from '../templates/read-templates.ts'
import { type GivenEnv, type ResolvedEnv, resolveEnv } from '../intake/resolve-env.ts'
import { checkJob, type Deps, isGivenUp, isRefused, startJob } from './start-job.ts'
import { givenUp, withdraw } from './withdraw.ts'

export interface DeployRequest {
  template: string
  env: GivenEnv
  queue?: string
  /** The receivers of callbacks about the job, besides the sink. */
  targets?: Target[]
}

/** What the job's record keeps of its request, and the limit of the caller. */
export interface Origin {
  /** The owner of the new job. */
  owner?: string | undefined
  /** How many open jobs the owner may have, including this one. */
  mostOpen?: number | undefined
  /** The W3C trace context of the request. */
  traceparent?: string | undefined
}

/** How a repeated request is recognised. */
export interface Repeats {
  key: string
  /** What the caller asked for, before any default. It must be equal in all requests with the key. */
  asked: string
}

/**
 * Accepts a job: writes the marker and the record, then creates the Job. Because of this order, the ping finds and
 * finishes a job after a crash at any step. Returns when Kubernetes has accepted the Job. Repeated requests with the
 * same idempotency key get the same job; `requestOf` is not called for them, so a later change of a template, a default
 * or a secret has no effect. When Kubernetes refuses the Job or the request certainly did not reach it, nothing of the
 * job remains.
 */
export async function acceptJob (
  deps: Deps,
  origin: Origin,
  requestOf: () => DeployRequest,
  repeats?: Repeats
): Promise<JobRecord> {
  const claim = repeats && claimOf(deps, repeats, origin.owner)
  const found = claim && await readClaim(deps.store, claim.object)
  const earlier = await claimedRecord(deps, claim, found)
  if (earlier !== undefined) return await goOn(deps, earlier)

  const request = requestOf()
  const template = templateOf(deps, request)
  const env = resolveEnv(template, request.env)
  const queue = queueOf(template, request)
  if (origin.mostOpen !== undefined && found === undefined) {
    await checkOpenJobs(deps.store, origin.owner, origin.mostOpen)
  }
  const made = claim && await claimJob(deps.store, claim.object, claim.fingerprint)
  // Another request with the key may have come first in the meantime.
  const other = made?.isNew === false ? await claimedRecord(deps, claim, made) : undefined
  if (other !== undefined) return await goOn(deps, other)

  const id = made?.job_uuid ?? newJobId()
  const { targets } = request
  const record = newRecord(deps, template, id, env, { ...origin, targets, queue, idempotency: claim?.object })
  await Promise.all([putMarker(deps.store, record), putIntoLists(deps.store, record)])
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
    return await withdraw(deps, record, error)
  }
}

/** Goes on with the job of an earlier request. Its process may have crashed before it made all objects. */
async function goOn (deps: Deps, record: JobRecord): Promise<JobRecord> {
  // Another request with this key is giving the job up: it throws the same problem and frees the key.
  if (isGivenUp(record) && !isTerminal(record.state)) throw givenUp(record.job_uuid)
  if (record.job_uid !== undefined || record.stop !== undefined || isTerminal(record.state)) return record
  try {
    return await startJob(deps, record)
  } catch (error) {
    // The job was accepted with this template. The ping starts it when the template is back.
    if (isProblem(error, 'unknown-template')) return record
    throw error
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
    & Pick<Origin, 'owner' | 'traceparent'>
    & { targets?: Target[] | undefined }
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

/**
 * The claim of an idempotency key (draft-ietf-httpapi-idempotency-key-header). Equal keys of two callers have different
 * objects. The fingerprint is an HMAC, because it covers secret values.
 */
function claimOf (
  { tokenKey }: Deps,
  { key, asked }: Repeats,
  owner: string | undefined
): { object: string, fingerprint: string } {
  return {
    object: claimObject(tokenKey, JSON.stringify(['idempotency key', owner, key])),
    fingerprint: keyed(tokenKey, asked)
  }
}

/**
 * The job that has the claim; `undefined` when there is none or its record is not written yet. Throws
 * `idempotency-mismatch` for another request.
 */
async function claimedRecord (
  { store }: Deps,
  claim: ReturnType<typeof claimOf> | undefined,
  found: JobClaim | undefined
): Promise<JobRecord | undefined> {
  if (found === undefined) return undefined
  if (found.fingerprint !== claim?.fingerprint) {
    throw problem(
      'idempotency-mismatch',
      'This idempotency key was used with another template, environment, queue or callback; use a new key',
      {
        job_uuid: found.job_uuid,
        errors: [{ field: 'Idempotency-Key', message: 'was used with another request' }]
      }
    )
  }
  return (await readRecord(store, found.job_uuid))?.record
}
