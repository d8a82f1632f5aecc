import { isProblem } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import { type JobRecord, type StopReason, stopReasons } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { keepLog } from '../../../shared/kubernetes/keep-log.ts'
import { countingPod, podsOf } from '../../../shared/kubernetes/workload.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { deleteJob, type Deps } from '../start/start-job.ts'

/**
 * Asks a job to end, and why; the first reason stays. Its Job is deleted, the uploader brings up what is there, and
 * `job-completed` makes the record terminal when the pods are gone. A job that never had a Job ends here. Answers the
 * record, `undefined` for no such job. A Kubernetes that cannot be reached makes no difference to what was asked: the
 * ping deletes the Job then.
 */
export async function stopJob (
  deps: Deps,
  id: string,
  reason: StopReason,
  applies?: (record: JobRecord) => boolean
): Promise<JobRecord | undefined> {
  const asked = await askToStop(deps.store, id, reason, applies)
  if (asked?.stop === undefined || isTerminal(asked.state)) return asked
  return await finishStop(deps, asked)
}

/**
 * Writes down that a job is to end, unless by then the reason no longer `applies` to its record. Answers the record,
 * stopped or not.
 */
export async function askToStop (
  store: Store,
  id: string,
  reason: StopReason,
  applies: (record: JobRecord) => boolean = () => true
): Promise<JobRecord | undefined> {
  return await advanceRecord(
    store,
    id,
    (record) =>
      record.stop === undefined && applies(record)
        ? advance(record, { stop: { reason, at: new Date().toISOString() }, reason }, new Date())
        : undefined
  )
}

/** Deletes the Job of a job that was asked to stop; on a ping again, in case it was not deleted then. */
export async function finishStop (deps: Deps, record: JobRecord): Promise<JobRecord> {
  const { job_uuid: id, stop } = record
  let outcome: 'ending' | 'absent'
  try {
    // With the Job its pods go, and their logs with them; `job-completed` hears of it too late, or not at all.
    const pod = countingPod(await podsOf(deps.cluster, id))
    if (pod !== undefined) {
      await keepLog(deps.store, deps.cluster, id, pod, 'so far').catch(() => {
        // A node that is gone gives no log; that the job ends is worth more.
      })
    }
    outcome = await deleteJob(deps.cluster, id)
  } catch (error) {
    if (isProblem(error, 'kubernetes-unavailable')) return record
    throw error
  }
  if (outcome === 'ending' || record.job_uid !== undefined || stop === undefined) return record
  const now = new Date()
  const ended = await advanceRecord(deps.store, id, (current) =>
    current.job_uid !== undefined
      ? undefined
      : advance(current, { state: stopReasons[stop.reason], reason: stop.reason, finished_at: now.toISOString() }, now))
  return ended ?? record
}
