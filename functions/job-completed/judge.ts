import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { type Change, type JobRecord, stopReasons } from '../../shared/job/job-record.ts'
import { MOST_IN_RECORD } from '../../shared/job/left-out.ts'
import { sentence } from '../../shared/job/reasons/sentence.ts'
import { asGiven, type Why, why } from '../../shared/job/reasons/why.ts'
import type { ResultCounts } from '../../shared/job/result-counts.ts'
import { condition } from '../../shared/kubernetes/condition.ts'
import { countingPod, hasStarted, workloadStatus } from '../../shared/kubernetes/workload.ts'
import { interruptionOf, isAlive, obstacleOf } from './obstacle-of.ts'
import { whyItFailed } from './why-it-failed.ts'

/** The Kubernetes objects of a job at this moment, and, once it has ended, the results of the attempt that counts. */
export interface Seen {
  job: V1Job | undefined
  pods: V1Pod[]
  results: ResultCounts | undefined
  /** What the API server says of a Job that is not there. */
  absence?: string | undefined
}

/**
 * Decides what the record of a job must say, from the observed Kubernetes objects. It never uses the content of an
 * event. So it does not matter which event arrived, how often it arrived, or whether it was a ping.
 */
export function judge (record: JobRecord, { job, pods, results, absence }: Seen, now: Date): Change {
  const own = ownJob(record, job)
  const facts = podFacts(record, countingPod(pods))
  const stored = results && { results: { ...results, left_out: results.left_out.slice(0, MOST_IN_RECORD) } }
  if (own === undefined) {
    const change = withoutJob(record, { pods, results, absence }, now)
    return { ...facts, ...change, ...(change.state !== undefined && stored) }
  }

  const complete = condition(own, 'Complete')
  if (complete !== undefined) {
    const finished = { ...stored, finished_at: time(own.status?.completionTime ?? complete.lastTransitionTime, now) }
    return results?.complete
      ? { ...facts, ...finished, state: 'succeeded', reason: null, message: null }
      : { ...facts, ...finished, state: 'failed', ...whatIsMissing(results) }
  }
  const failed = condition(own, 'Failed')
  if (failed !== undefined) {
    const finished = { ...stored, finished_at: time(failed.lastTransitionTime, now) }
    return isStopped(record, failed.lastTransitionTime)
      ? { ...facts, ...finished, state: stopReasons[record.stop!.reason], reason: record.stop!.reason }
      : { ...facts, ...finished, state: 'failed', ...whyItFailed(own, countingPod(pods), failed, lastSeen(record)) }
  }
  const state = facts.started_at === undefined ? 'pending' : 'running'
  // The reason of a stop is more important than what the pods wait for.
  if (record.stop !== undefined) return { ...facts, state, reason: record.stop.reason }
  const obstacle = state === 'running' ? interruptionOf(own, pods) : obstacleOf(own, pods, now, warnedOf(record))
  if (obstacle === undefined && isStillTrue(record, pods)) return { ...facts, state }
  if (state === 'running') return { ...facts, state, ...told(obstacle) }
  // What the API server said at the start stays until there is something to tell, or the workload runs.
  if (obstacle === undefined && warnedOf(record) !== undefined) return { ...facts, state, reason: null }
  // Its message has the warning already.
  return obstacle !== undefined && obstacle.reason === record.reason && obstacle.reason === 'FailedCreate'
    ? { ...facts, state }
    : { ...facts, state, ...told(obstacle) }
}

function told (known: Why | undefined): Pick<Change, 'reason' | 'message'> {
  return { reason: known?.reason ?? null, message: known?.message || null }
}

/**
 * Whether the reason of a job still says why it does not run. The pod that gave it may be gone a moment before its Job
 * has failed, which then does not know the reason any more.
 */
function isStillTrue ({ state, reason }: JobRecord, pods: V1Pod[]): boolean {
  return pods.length === 0 && state !== 'accepted' && reason !== undefined && reason !== 'Suspended'
}

/** The warnings with which deploy made the Job: the message of a record without a reason. */
function warnedOf ({ reason, message }: JobRecord): string | undefined {
  return reason === undefined ? message : undefined
}

/** What kept a job from running, as it was last seen. Its pod may be gone by now. */
function lastSeen ({ reason, message = '', stop }: JobRecord): Why | undefined {
  return reason === undefined || stop !== undefined ? undefined : { reason: asGiven(reason), message }
}

/** A Job with the same name but another uid is not the Job of this job. */
function ownJob ({ job_uid: uid }: JobRecord, job: V1Job | undefined): V1Job | undefined {
  return uid === undefined || uid === job?.metadata?.uid ? job : undefined
}

/** Whether nothing of a job runs any more, as far as its Job tells. Only then do its results count. */
export function hasEnded (record: JobRecord, job: V1Job | undefined): boolean {
  const own = ownJob(record, job)
  return own === undefined || condition(own, 'Complete') !== undefined || condition(own, 'Failed') !== undefined
}

/**
 * What a record must say whose Job is gone. A Job that had finished may have been removed before anything saw that:
 * then the manifest and the exit code tell how it ended.
 */
function withoutJob (record: JobRecord, { pods, results, absence }: Omit<Seen, 'job'>, now: Date): Change {
  if (record.stop !== undefined) {
    // `canceled` means that no pod of the job runs any more.
    if (pods.some(isAlive)) return {}
    return { state: stopReasons[record.stop.reason], reason: record.stop.reason, finished_at: now.toISOString() }
  }
  // The job has no Job yet. deploy completes the start.
  if (record.job_uid === undefined) return {}
  const finished = { finished_at: now.toISOString() }
  const { exit_code: code, attempt, reason } = record
  const isSame = pods.length === 0 || countingPod(pods)?.metadata?.uid === attempt
  // A program that ends because its Job is deleted has an exit code, too.
  if (results?.complete && code !== undefined && isSame && reason !== 'JobDeleted') {
    return code === 0
      ? { ...finished, state: 'succeeded', reason: null, message: null }
      : {
          ...finished,
          state: 'failed',
          ...why(
            'BackoffLimitExceeded',
            `The workload ended with exit code ${code}; its Job was removed before Kubernetes had said why.`
          )
        }
  }
  const words = absence === undefined ? '.' : `: ${sentence(absence)}`
  const what = `The Job is gone before its end was seen, and not because of this installation${words}`
  return { ...finished, state: 'lost', ...why('JobDeleted', what) }
}

function whatIsMissing (results: ResultCounts | undefined): Why {
  const { files = 0, bytes = 0, left_out: leftOut = [], left_out_count: count = 0 } = results ?? {}
  const stored = `${files === 1 ? '1 file' : `${files} files`} with ${bytes} bytes came up`
  const [first] = leftOut
  if (first === undefined) {
    const ended = 'The uploader was ended before it could say that all files are stored'
    return why('ResultsIncomplete', `${ended}; ${stored}.`, 'The stored files are kept.')
  }
  const others = count > 1 ? `, and ${count - 1} more` : ''
  return why('ResultsIncomplete', `Not all files could be stored: ${first.name} (${first.reason})${others}; ${stored}.`)
}

function podFacts (record: JobRecord, pod: V1Pod | undefined): Change {
  if (pod === undefined) return record.started_at === undefined ? {} : { started_at: record.started_at }
  const status = workloadStatus(pod)
  const { running, terminated } = status !== undefined && hasStarted(status) ? status.state ?? {} : {}
  const startedAt = running?.startedAt ?? terminated?.startedAt
  const started = record.started_at ?? (startedAt && startedAt.toISOString())
  const attempt = pod.metadata!.uid!
  return {
    attempt,
    ...(started !== undefined && { started_at: started }),
    // The exit code of an earlier attempt does not apply to this attempt.
    ...(record.exit_code !== undefined && attempt !== record.attempt && { exit_code: null }),
    ...(terminated !== undefined && { exit_code: terminated.exitCode })
  }
}

/**
 * Whether the stop caused the failure. Kubernetes times are whole seconds, so a failure in the same second as the stop
 * counts as caused by it.
 */
function isStopped ({ stop }: JobRecord, failedAt: Date | undefined): boolean {
  if (stop === undefined) return false
  const asked = Math.floor(new Date(stop.at).getTime() / 1000) * 1000
  return failedAt === undefined || failedAt.getTime() >= asked
}

function time (date: Date | undefined, now: Date): string {
  return (date ?? now).toISOString()
}
