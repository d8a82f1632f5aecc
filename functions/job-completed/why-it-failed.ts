import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node'
import { couldNotStart, failedContainer, workloadStatus } from '../../shared/kubernetes/workload.ts'
import { quoteOf, sentence } from './quote-of.ts'

/** Why a job does not run, or how it ended: a word for programs, and a sentence or two for people. */
export interface Why {
  reason: string
  message: string
}

/**
 * Why a Job failed. The Job itself often says only `BackoffLimitExceeded`; its pod says what happened. `failed` is the
 * condition of the Job. `before` is what was last seen of a pod that is gone.
 */
export function whyItFailed (
  job: V1Job,
  pod: V1Pod | undefined,
  failed: { reason?: string, message?: string },
  before?: Why
): Why {
  const ofJob = failed.reason ?? 'Failed'
  if (ofJob === 'DeadlineExceeded') return deadline(job, before)
  const ofPod = pod &&
    (disruptionOf(pod) ?? outOfMemory(pod) ?? startError(pod) ?? otherContainer(pod) ?? exit(pod, ofJob))
  return ofPod ?? (pod === undefined && before !== undefined && before.reason !== 'Suspended'
    ? before
    : { reason: ofJob, message: sentence(failed.message ?? 'Kubernetes gave no reason') })
}

function deadline ({ spec }: V1Job, before: Why | undefined): Why {
  const seconds = spec?.activeDeadlineSeconds
  const limit = `activeDeadlineSeconds of its template${seconds === undefined ? '' : `, ${seconds} s`}`
  const last = before === undefined ? '' : ` At last it waited for this: ${before.reason}: ${before.message}`
  return { reason: 'DeadlineExceeded', message: `The job took longer than ${limit}.${last}` }
}

/**
 * Why a pod was ended from outside. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/
 */
export function disruptionOf ({ status }: V1Pod): Why | undefined {
  const condition = status?.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True')
  const reason = status?.reason ?? condition?.reason
  if (reason === undefined) return undefined
  const detail = status?.message ?? condition?.message ?? ''
  const quote = detail.trim() === '' ? '' : ` ${sentence(detail)}`
  if (reason === 'DeadlineExceeded') {
    return { reason, message: `The pod took longer than its own activeDeadlineSeconds.${quote}` }
  }
  if (reason === 'Evicted' && isOwnUse(detail)) {
    return {
      reason,
      message: `The pod wrote more than it may:${quote} Raise the sizeLimit of the volume or limits.ephemeral-storage ` +
        'in the template, or let the program write less.'
    }
  }
  return {
    reason,
    message: `The cluster took the pod away.${quote} It was not the fault of the program; start the job again.`
  }
}

/** The kubelet evicts a pod for what it writes itself, and for what a node lacks. */
function isOwnUse (message: string): boolean {
  return /\bexceed(s|ed)\b/.test(message) && !message.includes('The node was low on resource') &&
    !message.includes('The node had condition')
}

function outOfMemory (pod: V1Pod): Why | undefined {
  const status = workloadStatus(pod)
  if (status?.state?.terminated?.reason !== 'OOMKilled') return undefined
  return {
    reason: 'OOMKilled',
    message: `The container ${status.name} used more memory than its limit and was killed, ${codeOf(status)}. Raise ` +
      'resources.limits.memory in the template, or let the program use less.'
  }
}

function startError (pod: V1Pod): Why | undefined {
  const status = workloadStatus(pod)
  if (status === undefined || !couldNotStart(status)) return undefined
  const { reason = 'StartError', message } = status.state!.terminated!
  const quote = quoteOf(pod, status.name, message)
  return {
    reason,
    message: `The container ${status.name} could not start${quote === undefined ? '.' : `: ${quote}`} Check its image ` +
      'and its command in the template.'
  }
}

function otherContainer (pod: V1Pod): Why | undefined {
  const failed = failedContainer(pod)
  const workload = workloadStatus(pod)
  if (failed === undefined || failed.name === workload?.name) return undefined
  const memory = failed.state?.terminated?.reason === 'OOMKilled' ? ' It used more memory than its limit.' : ''
  if (pod.status?.initContainerStatuses?.some(({ name }) => name === failed.name)) {
    return {
      reason: 'InitContainerFailed',
      message: `The init container ${failed.name} failed with ${codeOf(failed)}, so the workload did not start.${memory}`
    }
  }
  const ended = workload?.state?.terminated
  const own = ended === undefined ? '.' : `; the workload, container ${workload!.name}, ended with exit code ${ended.exitCode}.`
  return { reason: 'ContainerFailed', message: `The container ${failed.name} failed with ${codeOf(failed)}${own}${memory}` }
}

function exit (pod: V1Pod, reason: string): Why | undefined {
  const status = workloadStatus(pod)
  const terminated = status?.state?.terminated
  if (status === undefined || terminated === undefined || terminated.exitCode === 0) return undefined
  // Not the message of its container: that is what the program wrote, and may name a secret value. It is in the log.
  return { reason, message: `The workload, container ${status.name}, ended with ${codeOf(status)}; its log may say why.` }
}

/** Signals that often end a program: a shell and the runtime say so with 128 and the number of the signal. */
const SIGNALS: Record<number, string> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  141: 'SIGPIPE',
  143: 'SIGTERM'
}

function codeOf ({ state }: V1ContainerStatus): string {
  const code = state?.terminated?.exitCode
  const signal = SIGNALS[code ?? 0]
  return `exit code ${code}${signal === undefined ? '' : ` (${signal})`}`
}
