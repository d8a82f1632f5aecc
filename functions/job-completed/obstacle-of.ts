import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node'
import { sentence } from '../../shared/job/reasons/sentence.ts'
import { asGiven, meanings, type Why, why } from '../../shared/job/reasons/why.ts'
import { QUEUE_LABEL } from '../../shared/kubernetes/cluster.ts'
import { countingPod } from '../../shared/kubernetes/workload.ts'
import { isSuspended } from './is-suspended.ts'
import { quoteOf } from './quote-of.ts'
import { disruptionOf } from './why-it-failed.ts'

/** The usual steps of a start. */
const STARTING = ['PodInitializing', 'ContainerCreating']

/** A Job that is older than this has a pod, unless something refuses it. */
const POD_DUE_MS = 20_000

/**
 * Why the workload of a Job does not start; `undefined` when nothing is known to prevent it. `warned` is what the API
 * server said when the Job was made.
 */
export function obstacleOf (
  job: V1Job,
  pods: V1Pod[],
  now: Date,
  warned?: string
): Why | undefined {
  if (isSuspended(job)) return suspended(job)
  if (isBeingDeleted(job)) return beingDeleted
  for (const pod of pods) {
    const { status } = pod
    const containers = [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []]
    const stuck = containers.find(({ state }) =>
      state?.waiting?.reason !== undefined && !STARTING.includes(state.waiting.reason)
    )
    if (stuck !== undefined) return ofContainer(pod, stuck)
    const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')
    if (unscheduled?.reason !== undefined) return quoted(unscheduled.reason, unscheduled.message)
    if (status?.reason !== undefined && status.phase !== 'Failed') return quoted(status.reason, status.message)
  }
  const podDue = podDueAt(job, pods)
  return podDue !== undefined && podDue < now ? withoutPod(warned) : undefined
}

function ofContainer (pod: V1Pod, { name, state }: V1ContainerStatus): Why {
  const { reason = '', message } = state!.waiting!
  const quote = quoteOf(pod, name, message)?.replace(/\.$/, '')
  return why(asGiven(reason), `${quote ?? meanings.get(reason)?.means.replace(/\.$/, '') ?? 'It waits'} (container ${name}).`)
}

/**
 * Why a job that has started does not run just now. States only go forward, so it stays `running` when its Job is
 * suspended, and when its node is gone.
 */
export function interruptionOf (job: V1Job, pods: V1Pod[]): Why | undefined {
  const alive = pods.filter(isAlive)
  if (isSuspended(job) && alive.length === 0) return suspended(job)
  if (isBeingDeleted(job)) return beingDeleted
  const pod = countingPod(pods)
  return pod && disruptionOf(pod)
}

export function isAlive ({ status }: V1Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}

const beingDeleted = why('JobDeleted', 'The Job is being deleted, and not by this installation.')

function isBeingDeleted ({ metadata }: V1Job): boolean {
  return metadata?.deletionTimestamp !== undefined
}

/** From when on it is an obstacle that the Job has no pod; `undefined` if it has or had one, or is not begun. */
export function podDueAt ({ status }: V1Job, pods: V1Pod[]): Date | undefined {
  const { startTime: start, active, succeeded, failed, terminating } = status ?? {}
  if (pods.length > 0 || start === undefined || active || succeeded || failed || terminating) return undefined
  return new Date(start.getTime() + POD_DUE_MS)
}

/** The refusal of a pod is only in the events of the Job, which job-completed may not read. */
function withoutPod (warned: string | undefined): Why {
  return why('FailedCreate', `Kubernetes has made no pod for the Job${warned === undefined ? '.' : `: ${sentence(warned)}`}`)
}

function suspended ({ metadata }: V1Job): Why {
  const queue = metadata?.labels?.[QUEUE_LABEL]
  return why('Suspended', queue === undefined ? 'The Job is suspended.' : `The Job waits in the queue ${queue}.`)
}

function quoted (reason: string, message = ''): Why {
  return why(asGiven(reason), message === '' ? meanings.get(reason)?.means ?? '' : sentence(message))
}
