import { isProblem } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import { type JobRecord, type StopReason, stopReasons } from '../../../shared/job/job-record.ts'
import { ownReasons } from '../../../shared/job/reasons/own-reasons.ts'
import { plainly, type Why, why } from '../../../shared/job/reasons/why.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { keepLog } from '../../../shared/kubernetes/keep-log.ts'
import { countingPod, podsOf } from '../../../shared/kubernetes/workload.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { deleteJob } from '../start/delete-job.ts'
import type { Deps } from '../start/start-job.ts'
import { advanceNoticed } from './advance-noticed.ts'

/**
 * Stops a job, with a reason; the first reason stays. The Job is deleted, the uploader uploads the remaining files, and
 * `job-completed` makes the record terminal when the pods are gone. A job that never had a Job becomes terminal here.
 * Returns the record, or `undefined` when there is no such job. When Kubernetes cannot be reached, the stop stays in
 * the record, and the ping deletes the Job. `init` is the init container that runs, if the workload waits for one.
 */
export async function stopJob (
  deps: Deps,
  id: string,
  reason: StopReason,
  applies?: (record: JobRecord, etag: string) => boolean,
  init?: string
): Promise<JobRecord | undefined> {
  const asked = await askToStop(deps.store, id, reason, applies, init)
  if (asked?.stop === undefined || isTerminal(asked.state)) return asked
  return await finishStop(deps, asked)
}

/**
 * Writes the stop into the record, unless the reason no longer `applies` to the newest record, stopped or not. Returns
 * the record, stopped or not.
 */
export async function askToStop (
  store: Store,
  id: string,
  reason: StopReason,
  applies: (record: JobRecord, etag: string) => boolean = () => true,
  init?: string
): Promise<JobRecord | undefined> {
  const asked = await advanceNoticed(
    store,
    id,
    (record, etag) =>
      applies(record, etag) && record.stop === undefined
        ? advance(record, {
          stop: { reason, at: new Date().toISOString() },
          ...(reason === 'StartDeadlineExceeded' ? whatItWaitedFor(record, init) : plainly(reason))
        }, new Date())
        : undefined
  )
  return asked?.record
}

/**
 * What kept a job from starting is told at its end too: Kubernetes never gives up by itself. `init` is the init
 * container that still ran.
 */
function whatItWaitedFor ({ reason, message = '' }: JobRecord, init?: string): Why {
  const running = init === undefined ? '' : `the init container ${init} had not ended.`
  const obstacle = [reason, message].filter(Boolean).join(': ') || running
  return obstacle === ''
    ? plainly('StartDeadlineExceeded')
    : why('StartDeadlineExceeded', ownReasons.StartDeadlineExceeded.means, `At last it waited for this: ${obstacle}`)
}

/** Deletes the Job of a stopped job. The ping repeats this, in case the first deletion failed. */
export async function finishStop (deps: Deps, record: JobRecord): Promise<JobRecord> {
  const { job_uuid: id, stop } = record
  let outcome: 'ending' | 'absent'
  try {
    // The pods and their logs are deleted with the Job, and `job-completed` may be too late to read the log.
    const pod = countingPod(await podsOf(deps.cluster, id))
    if (pod !== undefined) {
      await keepLog(deps.store, deps.cluster, id, pod, 'so far').catch(() => {
        // A lost node gives no log. The job must be stopped without it.
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
  // There was no Job, so no event tells of this end.
  if (ended !== undefined) deps.remind(id)
  return ended ?? record
}
