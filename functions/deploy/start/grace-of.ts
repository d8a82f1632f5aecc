import type { V1PodSpec } from '@kubernetes/client-node'
import { parseQuantity } from './parse-quantity.ts'

/** The size of the result volume where a template does not set one. */
export const RESULTS_SIZE = '10Gi'

/** The rate at which results must be expected to go up, in bytes a second: what a busy store takes of one client. */
const RATE = 20 * 2 ** 20
/** For the first and the last requests, and for one that waits while Knative drains a pod. Seconds. */
const MARGIN = 60
/** What a workload has to end in, of which the notice is a part, where the template does not say. Seconds. */
const WORKLOAD = 40
/**
 * How long a workload whose pod is being deleted goes on before it is told to end. Its log goes with the pod, and a
 * `job-completed` that first has to be woken listens by then. Seconds.
 */
const NOTICE = 10

/** The longest period: more seconds than 32 bits have overflow where a kubelet counts nanoseconds, or a timer. */
const LONGEST = 2 ** 31 - 1

/** How the time between the end of a pod's work and its SIGKILL is shared. Seconds. */
export interface Grace {
  /** The pod's grace period. */
  total: number
  /** What of it belongs to the workload, if that does not end by itself; the rest is for the uploader. */
  workload: number
  /** How long the workload is not told yet; 0 for a period that is too short for it. */
  notice: number
  /** What is wrong with the template's own period, for its author. */
  warning?: string
}

/** How the end of a pod of a template is shared, by the size of its result volume. */
export function graceOfPod ({ terminationGracePeriodSeconds: own, volumes }: V1PodSpec): Grace {
  const limit = volumes?.find(({ name }) => name === 'results')?.emptyDir?.sizeLimit ?? RESULTS_SIZE
  // Kubernetes takes a limit of 0 for none.
  return graceOf(own ?? undefined, parseQuantity(limit) === 0 ? RESULTS_SIZE : limit)
}

/**
 * The grace period of a job's pod: long enough that a full result volume goes up after the workload has ended. A
 * template may set its own, `terminationGracePeriodSeconds`.
 */
export function graceOf (own: number | undefined, resultsSize: string): Grace {
  const needed = MARGIN + Math.ceil(parseQuantity(resultsSize) / RATE)
  const upload = Math.min(needed, LONGEST - WORKLOAD)
  const total = Math.min(own ?? WORKLOAD + upload, LONGEST)
  if (total >= WORKLOAD + upload) {
    const warning = needed > upload
      ? `a full result volume of ${resultsSize} takes ${needed} s to go up, and no grace period is longer than ${LONGEST} s: ` +
        'make the volume "results" smaller'
      : own !== undefined && own > total
        ? `terminationGracePeriodSeconds is ${own}, and its place takes ${LONGEST}, the longest`
        : undefined
    return { total, workload: total - upload, notice: NOTICE, ...(warning !== undefined && { warning }) }
  }
  const workload = Math.max(1, Math.min(WORKLOAD, Math.floor(total / 3)))
  return {
    total,
    workload,
    notice: Math.min(NOTICE, Math.floor(workload / 3)),
    warning: `terminationGracePeriodSeconds is ${total}, and a full result volume of ${resultsSize} takes ` +
      `${upload} s to go up: set it to ${WORKLOAD + upload} or more, or make the volume "results" smaller`
  }
}
