import { isProblem, problem } from '../../../shared/http/problem.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { putIntoLists } from '../../../shared/job/lists/job-lists.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { createRecord, type FoundRecord, readRecord } from '../../../shared/job/record-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { checkJob, isRefused } from './create-objects.ts'
import { claimJob, claimObject, type JobClaim, keyed, readClaim } from './job-claim.ts'
import { newRecord, type Origin } from './new-record.ts'
import { checkOpenJobs, markOpen } from './open-jobs.ts'
import { type DeployRequest, type ResolvedRequest, resolveRequest } from '../intake/resolve-request.ts'
import { type Deps, isGivenUp, startJob } from './start-job.ts'
import { givenUp, withdraw } from './withdraw.ts'

/** How a repeated request is recognised. */
export interface Repeats {
  key: string
  /** What the caller asked for, before any default. It must be equal in all requests with the key. */
  asked: string
}

/**
 * Accepts a job: writes the marker, and then the record while Kubernetes makes the Job. Because of this order, the ping
 * finds the job after a crash at any step: it finishes a job with a record, and deletes a Job without one. Returns when
 * Kubernetes has accepted the Job. Repeated requests with the same idempotency key get the same job, also when
 * `requestOf` throws, so a later change of a template, a default or a secret has no effect. When Kubernetes refuses the
 * Job or the request certainly did not reach it, nothing of the job remains.
 */
export async function acceptJob (
  deps: Deps,
  origin: Origin,
  requestOf: () => DeployRequest,
  repeats?: Repeats
): Promise<JobRecord> {
  const claim = repeats && claimOf(deps, repeats, origin.owner)
  let resolved: ResolvedRequest
  try {
    resolved = resolveRequest(deps, requestOf())
    if (origin.mostOpen !== undefined) await checkOpenJobs(deps.store, origin.owner, origin.mostOpen)
  } catch (error) {
    // Nothing stands in the way of a repeated request. Most requests are new, so a claim is read only here.
    const earlier = claim && await claimedRecord(deps, claim, await readClaim(deps.store, claim.object))
    if (earlier === undefined) throw error
    return await goOn(deps, earlier)
  }
  const made = claim && await claimJob(deps.store, claim.object, claim.fingerprint)
  const earlier = made?.isNew === false ? await claimedRecord(deps, claim, made) : undefined
  if (earlier !== undefined) return await goOn(deps, earlier)

  const id = made?.job_uuid ?? newJobId()
  const record = newRecord(deps, id, resolved, { ...origin, idempotency: claim?.object })
  await Promise.all([markOpen(deps.store, record), putIntoLists(deps.store, record)])
  const stored = storedRecord(deps.store, record)
  try {
    return await startJob(deps, record, stored, resolved.template)
  } catch (error) {
    // Throws when the record could not be written. Then the ping deletes the Job, if there is one.
    const isOurs = (await stored).record === record
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

/**
 * Creates the record. Returns it, or the record that another request with the same key has created. Both with its ETag.
 */
async function storedRecord (store: Store, record: JobRecord): Promise<FoundRecord> {
  const etag = await createRecord(store, record)
  const stored = etag === undefined ? await readRecord(store, record.job_uuid) : { record, etag }
  if (stored !== undefined) return stored
  throw problem(
    'store-unavailable',
    'The job of this idempotency key has expired and is being removed; send the request again'
  )
}

/** Goes on with the job of an earlier request. Its process may have crashed before it made all objects. */
async function goOn (deps: Deps, found: FoundRecord): Promise<JobRecord> {
  const { record } = found
  // Another request with this key is giving the job up: it throws the same problem and frees the key.
  if (isGivenUp(record) && !isTerminal(record.state)) throw givenUp(record.job_uuid)
  if (record.job_uid !== undefined || record.stop !== undefined || isTerminal(record.state)) return record
  try {
    return await startJob(deps, record, found)
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
  const { template, env, queue } = resolveRequest(deps, request)
  const warnings = await checkJob(deps, template, newJobId(), env, queue)
  return { template: template.name, env: env.plain, warnings }
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
): Promise<FoundRecord | undefined> {
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
  return await readRecord(store, found.job_uuid)
}
