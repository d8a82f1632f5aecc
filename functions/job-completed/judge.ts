import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { type Change, type JobRecord, stopReasons } from '../../shared/job/job-record.ts'
import { countingPod, workloadStatus } from '../../shared/kubernetes/workload.ts'

/** What Kubernetes has of a job just now, and whether all results of the attempt that counts are up. */
export interface Seen {
  job: V1Job | undefined
  pods: V1Pod[]
  resultsComplete: boolean
}

/**
 * The one rule: what the record of a job must say, given what Kubernetes has of it. It looks at what is, never at what
 * an event tells, so it does not matter which event came, how often, or whether it was the ping.
 */
export function judge (record: JobRecord, { job, pods, resultsComplete }: Seen, now: Date): Change {
  // A Job of the same name with another uid is not the Job of this job.
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
  // What was asked of the job says more than what its pods wait for.
  const reason = record.stop?.reason ?? (state === 'pending' ? obstacle(own, pods) : interruption(own, pods))
  return { ...facts, state, reason }
}

function withoutJob (record: JobRecord, pods: V1Pod[], now: Date): Change {
  if (record.stop !== undefined) {
    // Canceled means that nothing runs any more.
    if (pods.some(isAlive)) return {}
    return { state: stopReasons[record.stop.reason], reason: record.stop.reason, finished_at: now.toISOString() }
  }
  // Not started yet: that is for deploy to finish.
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
    // That of an earlier attempt says nothing of this one.
    ...(record.exit_code !== undefined && attempt !== record.attempt && { exit_code: null }),
    ...(terminated !== undefined && { exit_code: terminated.exitCode })
  }
}

/** Why a pod failed, where the Job knows only that it did. */
function podReason (pod: V1Pod | undefined): string | undefined {
  if (pod === undefined) return undefined
  if (workloadStatus(pod)?.state?.terminated?.reason === 'OOMKilled') return 'OOMKilled'
  return pod.status?.reason
}

/** What keeps a Job from starting, for those who wait for it; `null` while all goes its way. */
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
 * States only go forward, so a job whose Job is suspended after it has run stays `running`; the reason says that
 * nothing of it runs any more.
 */
function interruption (job: V1Job, pods: V1Pod[]): string | null {
  return isSuspended(job) && !pods.some(isAlive) ? 'Suspended' : null
}

function isSuspended (job: V1Job): boolean {
  // The condition follows the spec, a moment later.
  return job.spec?.suspend ?? condition(job, 'Suspended') !== undefined
}

function isAlive ({ status }: V1Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}

/** Whether a failure came of the stop. Kubernetes has whole seconds, so one within the second of the stop did. */
function isStopped ({ stop }: JobRecord, failedAt: Date | undefined): boolean {
  if (stop === undefined) return false
  const asked = Math.floor(new Date(stop.at).getTime() / 1000) * 1000
  return failedAt === undefined || failedAt.getTime() >= asked
}

function time (date: Date | undefined, now: Date): string {
  return (date ?? now).toISOString()
}
