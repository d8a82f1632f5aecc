import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node'
import { failedContainer, hasStarted, workloadStatus } from '../../shared/kubernetes/workload.ts'

/** Why a job ended: a word for programs, and a sentence or two for people. */
export interface Why {
  reason: string
  message: string
}

/**
 * Why a Job failed. The Job itself often says only `BackoffLimitExceeded`; its pod says what happened. `failed` is the
 * condition of the Job.
 */
export function whyItFailed (
  job: V1Job,
  pod: V1Pod | undefined,
  failed: { reason?: string, message?: string }
): Why {
  const ofJob = failed.reason ?? 'Failed'
  if (ofJob === 'DeadlineExceeded') {
    const seconds = job.spec?.activeDeadlineSeconds
    return { reason: ofJob, message: `The job ran longer than its activeDeadlineSeconds${seconds === undefined ? '' : `, ${seconds} s`}.` }
  }
  return (pod && (disruption(pod) ?? outOfMemory(pod) ?? startError(pod) ?? otherContainer(pod) ?? exit(pod, ofJob))) ??
    { reason: ofJob, message: sentence(failed.message ?? 'Kubernetes gave no reason') }
}

/** The cluster took the pod away. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/ */
function disruption ({ status }: V1Pod): Why | undefined {
  const condition = status?.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True')
  const reason = status?.reason ?? condition?.reason
  if (reason === undefined) return undefined
  const detail = status?.message ?? condition?.message
  return {
    reason,
    message: `The cluster took the pod away${detail ? `: ${sentence(detail)}` : '.'} ` +
      'It was not the fault of the program; start the job again.'
  }
}

function outOfMemory (pod: V1Pod): Why | undefined {
  const status = workloadStatus(pod)
  if (status?.state?.terminated?.reason !== 'OOMKilled') return undefined
  return {
    reason: 'OOMKilled',
    message: `The container ${status.name} used more memory than its limit and was killed. Raise ` +
      'resources.limits.memory in the template, or let the program use less.'
  }
}

/** A container whose program could not be started at all. https://github.com/kubernetes/kubernetes/issues/120331 */
function startError (pod: V1Pod): Why | undefined {
  const status = workloadStatus(pod)
  const terminated = status?.state?.terminated
  if (status === undefined || terminated === undefined || hasStarted(status)) return undefined
  return {
    reason: terminated.reason ?? 'StartError',
    message: `The container ${status.name} could not start: ${sentence(terminated.message ?? 'no reason was given')} ` +
      'Check its image and its command in the template.'
  }
}

function otherContainer (pod: V1Pod): Why | undefined {
  const failed = failedContainer(pod)
  if (failed === undefined || failed.name === workloadStatus(pod)?.name) return undefined
  const isInit = pod.status?.initContainerStatuses?.some(({ name }) => name === failed.name) ?? false
  const workload = workloadStatus(pod)?.state?.terminated
  return isInit
    ? {
        reason: 'InitContainerFailed',
        message: `The init container ${failed.name} failed with ${codeOf(failed)}, so the workload did not start.`
      }
    : {
        reason: 'ContainerFailed',
        message: `The container ${failed.name} failed with ${codeOf(failed)}` +
          `${workload === undefined ? '.' : `; the workload itself ended with exit code ${workload.exitCode}.`}`
      }
}

function exit (pod: V1Pod, reason: string): Why | undefined {
  const status = workloadStatus(pod)
  const terminated = status?.state?.terminated
  if (status === undefined || terminated === undefined || terminated.exitCode === 0) return undefined
  const detail = terminated.message ? ` Its last message: ${sentence(terminated.message.slice(-500))}` : ''
  return { reason, message: `The workload, container ${status.name}, ended with ${codeOf(status)}.${detail}` }
}

/** A signal ends a program with 128 and its number; the two frequent ones are named. */
function codeOf ({ state }: V1ContainerStatus): string {
  const code = state?.terminated?.exitCode
  const signal = code === 137 ? ' (SIGKILL)' : code === 143 ? ' (SIGTERM)' : ''
  return `exit code ${code}${signal}`
}

function sentence (text: string): string {
  const trimmed = text.trim()
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`
}
