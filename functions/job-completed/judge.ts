import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { type Change, type JobRecord, stopReasons } from '../../shared/job/job-record.ts'
import { countingPod, workloadStatus } from '../../shared/kubernetes/workload.ts'

/** The Kubernetes objects of a job at this moment, and whether all results of the attempt that counts are uploaded. */
export interface Seen {
  job: V1Job | undefined
  pods: V1Pod[]
  resultsComplete: boolean
}

/**
 * Decides what the record of a job must say, from the observed Kubernetes objects. It never uses the content of an
 * event. So it does not matter which event arrived, how often it arrived, or whether it was a ping.
 */
export function judge (record: JobRecord, { job, pods, resultsComplete }: Seen, now: Date): Change {
  // A Job with the same name but another uid is not the Job of this job.
  const own = job !== undefined && (record.job_uid ?? job.metadata?.uid) === job.metadata?.uid ? job : undefined
  const facts = podFacts(record, countingPod(pods))
  if (own === undefined) return { ...facts, ...withoutJob(record, pods, now) }

  const complete = condition(own, 'Complete')
  if (complete !== undefined) {
    const finished = { finished_at: time(own.status?.completionTime ?? complete.lastTransitionTime, now) }
    return resultsComplete
      ? { ...facts, ...finished, state: 'succeeded', reason: null }
      : { ...facts, ...finished, state: 'failed', reason: 'ResultsIncomplete' }
  }
  const failed = condition(own, 'Failed')
  if (failed !== undefined) {
    const finished = { finished_at: time(failed.lastTransitionTime, now) }
    return isStopped(record, failed.lastTransitionTime)
      ? { ...facts, ...finished, state: stopReasons[record.stop!.reason], reason: record.stop!.reason }
      : { ...facts, ...finished, state: 'failed', reason: podReason(countingPod(pods)) ?? failed.reason ?? 'Failed' }
  }
  const state = facts.started_at === undefined ? 'pending' : 'running'
  // The reason of a stop is more important than what the pods wait for.
  const reason = record.stop?.reason ?? (state === 'pending' ? obstacle(own, pods) : interruption(own, pods))
  return { ...facts, state, reason }
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
