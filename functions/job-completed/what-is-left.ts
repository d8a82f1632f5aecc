import type { V1Job, V1Pod } from '@kubernetes/client-node'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { dueCallbacks, isOwing, nextDue } from '../../shared/job/callbacks/owed-callbacks.ts'
import { condition } from '../../shared/kubernetes/condition.ts'
import { countingPod } from '../../shared/kubernetes/workload.ts'
import { podDueAt } from './obstacle-of.ts'
import type { Found } from './settle-job.ts'

/** What remains for a job whose record says what the Job and the pods say. */
export interface Left {
  /** Whether a follow-up has something to do now. */
  now: boolean
  /** When there is something to do again if nothing changes; `undefined` when that is not known yet. */
  next: Date | undefined
}

const NEVER = new Date(8.64e15)

/** What is left for a job. For one that `isWrappedUp`, `found` does not matter. */
export function whatIsLeft (
  record: JobRecord,
  { job, pods }: Found,
  isWrappedUp: boolean,
  now: Date
): Left {
  // Of a job that is wrapped up and owes nothing, the marker is left: a process stopped before it removed it.
  const wraps = isWrappedUp
    ? !isOwing(record)
    : isTerminal(record.state) || mayLoseLog(job, countingPod(pods))
  if (wraps || dueCallbacks(record, now).length > 0) return { now: true, next: undefined }
  // How an attempt ends is not known, and its process may stop before it goes on.
  const isTrying = record.callbacks?.some(({ trying_until: until = '' }) => until > now.toISOString())
  if (isTrying) return { now: false, next: undefined }
  const times = [nextDue(record, now), isWrappedUp || job === undefined ? undefined : podDueAt(job, pods)]
    .filter((time): time is Date => time !== undefined && time > now)
  return { now: false, next: new Date(Math.min(NEVER.getTime(), ...times.map(Number))) }
}

/** Whether the log of a job that has not ended must be read now: its pod ends, and may soon be deleted. */
export function mayLoseLog (job: V1Job | undefined, pod: V1Pod | undefined): boolean {
  return pod !== undefined && (isEnding(job) || isTaken(pod))
}

/** Whether nothing of a Job runs any more. */
export function isFinished (job: V1Job | undefined): boolean {
  return job !== undefined && (condition(job, 'Complete') ?? condition(job, 'Failed')) !== undefined
}

/** Whether a Job has ended or is about to end. */
function isEnding (job: V1Job | undefined): boolean {
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return true
  return ['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget'].some((type) =>
    condition(job, type) !== undefined
  )
}

/** Whether the cluster takes a pod away. Its Job fails, or makes another pod, and this one and its log are deleted. */
function isTaken (pod: V1Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined || condition(pod, 'DisruptionTarget') !== undefined
}
