import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { type Change, type JobRecord, stopReasons } from '../../shared/job/job-record.ts'
import { MOST_IN_RECORD } from '../../shared/job/left-out.ts'
import type { ResultCounts } from '../../shared/job/result-counts.ts'
import { countingPod, workloadStatus } from '../../shared/kubernetes/workload.ts'

/** The Kubernetes objects of a job at this moment, and, once it has ended, the results of the attempt that counts. */
export interface Seen {
  job: V1Job | undefined
  pods: V1Pod[]
  results: ResultCounts | undefined
}

/**
 * Decides what the record of a job must say, from the observed Kubernetes objects. It never uses the content of an
 * event. So it does not matter which event arrived, how often it arrived, or whether it was a ping.
 */
export function judge (record: JobRecord, { job, pods, results }: Seen, now: Date): Change {
  const own = ownJob(record, job)
  const facts = podFacts(record, countingPod(pods))
  const stored = results && { results: { ...results, left_out: results.left_out.slice(0, MOST_IN_RECORD) } }
  if (own === undefined) {
    const change = withoutJob(record, pods, now)
    return { ...facts, ...change, ...(change.state !== undefined && stored) }
  }

  const complete = condition(own, 'Complete')
  if (complete !== undefined) {
    const finished = { ...stored, finished_at: time(own.status?.completionTime ?? complete.lastTransitionTime, now) }
    return results?.complete
      ? { ...facts, ...finished, state: 'succeeded', reason: null }
      : { ...facts, ...finished, state: 'failed', reason: 'ResultsIncomplete', message: whatIsMissing(results) }
  }
  const failed = condition(own, 'Failed')
  if (failed !== undefined) {
    const finished = { ...stored, finished_at: time(failed.lastTransitionTime, now) }
    return isStopped(record, failed.lastTransitionTime)
      ? { ...facts, ...finished, state: stopReasons[record.stop!.reason], reason: record.stop!.reason }
      : { ...facts, ...finished, state: 'failed', reason: podReason(countingPod(pods)) ?? failed.reason ?? 'Failed' }
  }
  const state = facts.started_at === undefined ? 'pending' : 'running'
  // The reason of a stop is more important than what the pods wait for.
  const reason = record.stop?.reason ?? (state === 'pending' ? obstacle(own, pods) : interruption(own, pods))
  return { ...facts, state, reason }
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

function withoutJob (record: JobRecord, pods: V1Pod[], now: Date): Change {
  if (record.stop !== undefined) {
    // `canceled` means that no pod of the job runs any more.
    if (pods.some(isAlive)) return {}
    return { state: stopReasons[record.stop.reason], reason: record.stop.reason, finished_at: now.toISOString() }
  }
  // The job has no Job yet. deploy completes the start.
  if (record.job_uid === undefined) return {}
  return { state: 'lost', reason: 'JobDeleted', finished_at: now.toISOString() }
}

function whatIsMissing (results: ResultCounts | undefined): string {
  const { files = 0, bytes = 0, left_out: leftOut = [], left_out_count: count = 0 } = results ?? {}
  const stored = `${files === 1 ? '1 file' : `${files} files`} with ${bytes} bytes came up`
  const [first] = leftOut
  if (first === undefined) return `The uploader was ended before it could say that all files are stored; ${stored}.`
  const others = count > 1 ? `, and ${count - 1} more` : ''
  return `Not all files could be stored: ${first.name} (${first.reason})${others}; ${stored}.`
}

export function condition (job: V1Job, type: string): { reason?: string, lastTransitionTime?: Date } | undefined {
  return job.status?.conditions?.find((one) => one.type === type && one.status === 'True')
}

function podFacts (record: JobRecord, pod: V1Pod | undefined): Change {
  if (pod === undefined) return record.started_at === undefined ? {} : { started_at: record.started_at }
  const { running, terminated } = workloadStatus(pod)?.state ?? {}
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

/** A more exact reason than that of the Job, if the failed pod has one. */
function podReason (pod: V1Pod | undefined): string | undefined {
  if (pod === undefined) return undefined
  if (workloadStatus(pod)?.state?.terminated?.reason === 'OOMKilled') return 'OOMKilled'
  return pod.status?.reason
}

/** The reason why a Job does not start; `null` when nothing prevents the start. */
function obstacle (job: V1Job, pods: V1Pod[]): string | null {
  if (isSuspended(job)) return 'Suspended'
  for (const { status } of pods) {
    const waiting = [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []].map(({ state }) =>
      state?.waiting?.reason
    )
    const stuck = waiting.find((reason) =>
      reason !== undefined && reason !== 'PodInitializing' && reason !== 'ContainerCreating'
    )
    const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')
      ?.reason
    if (stuck ?? unscheduled) return stuck ?? unscheduled ?? null
  }
  return null
}

/**
 * States only go forward, so a job stays `running` when its Job is suspended after the workload has run. The reason
 * `Suspended` then says that no pod runs any more.
 */
function interruption (job: V1Job, pods: V1Pod[]): string | null {
  return isSuspended(job) && !pods.some(isAlive) ? 'Suspended' : null
}

function isSuspended (job: V1Job): boolean {
  // The spec comes first: the Job controller updates the condition a moment later.
  return job.spec?.suspend ?? condition(job, 'Suspended') !== undefined
}

function isAlive ({ status }: V1Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
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
