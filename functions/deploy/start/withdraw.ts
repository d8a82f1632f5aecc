import { problem } from '../../../shared/http/problem.ts'
import { listKeysOf } from '../../../shared/job/lists/job-lists.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { countedKey, markerKey, stateKey } from '../../../shared/store/bucket-layout.ts'
import { removeObject } from '../../../shared/store/object-store.ts'
import { askToStop, finishStop } from '../keep/stop-job.ts'
import { isRefused } from './create-objects.ts'
import { releaseClaim } from './job-claim.ts'
import { neverMade } from './never-made.ts'
import type { Deps } from './start-job.ts'

/**
 * Withdraws an accepted job and throws. When it is certain that Kubernetes has no Job, the marker and the record are
 * removed. When Kubernetes may have the Job, the job is stopped, and the ping deletes the Job. In both cases the
 * idempotency key is free again, so a retry is a new job. Does not throw, but returns the record, when the ping or
 * another request with the key has started the job in the meantime: then the job continues.
 */
export async function withdraw (
  deps: Deps,
  record: JobRecord,
  error: Error
): Promise<JobRecord> {
  const { store } = deps
  const { job_uuid: id, idempotency } = record
  // Write the stop first. A process that is still starting the job then sees it and deletes the Job.
  const stopped = await askToStop(store, id, 'KubernetesUnavailable', (record) => record.job_uid === undefined)
  if (stopped?.job_uid !== undefined) return stopped
  await releaseClaim(store, idempotency, id)
  if (isRefused(error) || neverMade(error.cause)) {
    await removeObject(store, stateKey(id))
    const { owner, counted } = record
    const keys = [...listKeysOf(record), markerKey(id), ...counted ? [countedKey(owner, id)] : []]
    for (const key of keys) await removeObject(store, key)
    throw error
  }
  if (stopped !== undefined && !isTerminal(stopped.state)) await finishStop(deps, stopped)
  throw givenUp(id, error)
}

export function givenUp (id: string, cause?: unknown): Error {
  return problem(
    'kubernetes-unavailable',
    'Kubernetes did not confirm that it has the Job, so the job is given up; send the request again',
    { job_uuid: id, cause }
  )
}
