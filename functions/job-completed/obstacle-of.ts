import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node'
import { QUEUE_LABEL } from '../../shared/kubernetes/cluster.ts'
import { isSuspended } from './job-condition.ts'

/** What keeps a job from running just now, and in the words of Kubernetes. */
export interface Obstacle {
  reason: string
  message: string
}

/** The usual steps of a start. */
const STARTING = ['PodInitializing', 'ContainerCreating']

/** Why the workload of a Job does not start; `undefined` when nothing is known to prevent it. */
export function obstacleOf (job: V1Job, pods: V1Pod[]): Obstacle | undefined {
  if (isSuspended(job)) return suspended(job)
  for (const { status } of pods) {
    const containers = [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []]
    const stuck = containers.find(({ state }) =>
      state?.waiting?.reason !== undefined && !STARTING.includes(state.waiting.reason)
    )
    if (stuck !== undefined) return ofContainer(stuck)
    const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')
    if (unscheduled?.reason !== undefined) return { reason: unscheduled.reason, message: unscheduled.message ?? '' }
    if (status?.reason !== undefined && status.phase !== 'Failed') {
      return { reason: status.reason, message: status.message ?? '' }
    }
  }
  return undefined
}

function ofContainer ({ name, state }: V1ContainerStatus): Obstacle {
  const { reason = '', message } = state!.waiting!
  return { reason, message: `container ${name}${message === undefined ? '' : `: ${message}`}` }
}

/**
 * Why a job that has started does not run just now. States only go forward, so it stays `running` when its Job is
 * suspended, and when its node is gone.
 */
export function interruptionOf (job: V1Job, pods: V1Pod[]): Obstacle | undefined {
  const alive = pods.filter(isAlive)
  if (isSuspended(job) && alive.length === 0) return suspended(job)
  const lost = alive.find(({ status }) => status?.reason !== undefined)
  return lost && { reason: lost.status!.reason!, message: lost.status!.message ?? '' }
}

export function isAlive ({ status }: V1Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}

function suspended ({ metadata }: V1Job): Obstacle {
  const queue = metadata?.labels?.[QUEUE_LABEL]
  return {
    reason: 'Suspended',
    message: queue === undefined
      ? 'the Job is suspended'
      : `the Job waits in the queue ${queue}; if it never starts, check that there is such a queue`
  }
}
