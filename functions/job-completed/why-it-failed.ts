import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node'
import { START_AGAIN, WRITE_LESS } from '../../shared/job/reasons/kubernetes-reasons.ts'
import { ownReasons } from '../../shared/job/reasons/own-reasons.ts'
import { sentence } from '../../shared/job/reasons/sentence.ts'
import { asGiven, meanings, plainly, type Why, why } from '../../shared/job/reasons/why.ts'
import { type Condition, condition } from '../../shared/kubernetes/condition.ts'
import { couldNotStart, failedContainer, workloadStatus } from '../../shared/kubernetes/workload.ts'
import { quoteOf } from './quote-of.ts'

/**
 * Why a Job failed. The Job itself often says only `BackoffLimitExceeded`; its pod says what happened. `failed` is the
 * condition of the Job. `before` is what was last seen of a pod that is gone.
 */
export function whyItFailed (
  job: V1Job,
  pod: V1Pod | undefined,
  failed: Condition,
  before?: Why
): Why {
  if (failed.reason === 'DeadlineExceeded') return deadline(job, before)
  const ofPod = pod &&
    (disruptionOf(pod) ?? outOfMemory(pod) ?? startError(pod) ?? otherContainer(pod) ?? exit(pod, failed))
  if (ofPod !== undefined) return ofPod
  if (pod === undefined && before !== undefined && before.reason !== 'Suspended') return before
  if (failed.reason === undefined) return plainly('Failed')
  // Without a pod it is not known whether there is a log.
  return why(asGiven(failed.reason), sentence(failed.message ?? 'Kubernetes gave no reason'), '')
}

function deadline ({ spec }: V1Job, before: Why | undefined): Why {
  const seconds = spec?.activeDeadlineSeconds
  const what = `The job took longer than activeDeadlineSeconds of its template${seconds === undefined ? '' : `, ${seconds} s`}.`
  return before === undefined
    ? why('DeadlineExceeded', what)
    : why('DeadlineExceeded', what, `At last it waited for this: ${before.reason}: ${before.message}`)
}

/**
 * Why a pod was ended from outside. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/
 */
export function disruptionOf (pod: V1Pod): Why | undefined {
  const { status } = pod
  const disruption = condition(pod, 'DisruptionTarget')
  const given = status?.reason ?? disruption?.reason
  if (given === undefined) return undefined
  const reason = asGiven(given)
  const detail = status?.message ?? disruption?.message ?? ''
  const quote = detail.trim() === '' ? '' : ` ${sentence(detail)}`
  if (given === 'DeadlineExceeded') return why(reason, `The pod took longer than its own activeDeadlineSeconds.${quote}`)
  if (given === 'Evicted' && isOwnUse(detail)) return why(reason, `The pod wrote more than it may:${quote}`, WRITE_LESS)
  const { means, todo } = meanings.get(given) ?? { means: '', todo: START_AGAIN }
  return given === 'Evicted' || todo === START_AGAIN
    ? why(reason, `The cluster took the pod away.${quote}`, START_AGAIN)
    : why(reason, means + quote)
}

/** The kubelet evicts a pod for what it writes itself, and for what a node lacks. */
function isOwnUse (message: string): boolean {
  return /\bexceed(s|ed)\b/.test(message) && !message.includes('The node was low on resource') &&
    !message.includes('The node had condition')
}

function outOfMemory (pod: V1Pod): Why | undefined {
  const status = workloadStatus(pod)
  if (status?.state?.terminated?.reason !== 'OOMKilled') return undefined
  const how = `used more memory than its limit and was killed, ${codeOf(status)}`
  return why('OOMKilled', `The container ${status.name} ${how}.`)
}

function startError (pod: V1Pod): Why | undefined {
  const status = workloadStatus(pod)
  if (status === undefined || !couldNotStart(status)) return undefined
  const { reason = 'StartError', message } = status.state!.terminated!
  const quote = quoteOf(pod, status.name, message)
  const what = `The container ${status.name} could not start${quote === undefined ? '.' : `: ${quote}`}`
  return why(asGiven(reason), what, ownReasons.StartError.todo)
}

function otherContainer (pod: V1Pod): Why | undefined {
  const failed = failedContainer(pod)
  const workload = workloadStatus(pod)
  if (failed === undefined || failed.name === workload?.name) return undefined
  const { reason, message } = failed.state?.terminated ?? {}
  const memory = reason === 'OOMKilled' ? ' It used more memory than its limit.' : ''
  const isMissing = couldNotStart(failed)
  const quote = isMissing ? quoteOf(pod, failed.name, message) : undefined
  const words = quote === undefined ? memory : ` ${quote}`
  // A container that could not start has no log.
  const todo = isMissing ? ownReasons.StartError.todo : undefined
  const how = isMissing ? 'could not start' : `failed with ${codeOf(failed)}`
  if (pod.status?.initContainerStatuses?.some(({ name }) => name === failed.name)) {
    const what = `The init container ${failed.name} ${how}, so the workload did not start.`
    return why('InitContainerFailed', what + words, todo)
  }
  const ended = workload?.state?.terminated
  const own = ended === undefined ? '.' : `; the workload, container ${workload!.name}, ended with exit code ${ended.exitCode}.`
  return why('ContainerFailed', `The container ${failed.name} ${how}${own}${words}`, todo)
}

function exit (pod: V1Pod, failed: Condition): Why | undefined {
  const status = workloadStatus(pod)
  const terminated = status?.state?.terminated
  if (status === undefined || terminated === undefined || terminated.exitCode === 0) return undefined
  // Not the message of its container: that is what the program wrote, and may name a secret value. It is in the log.
  const others = (pod.status?.containerStatuses ?? [])
    .filter((one) => one.name !== status.name && (one.state?.terminated?.exitCode ?? 0) !== 0)
    .map((one) => ` The container ${one.name} failed too, with ${codeOf(one)}.`)
  const what = `The workload, container ${status.name}, ended with ${codeOf(status)}.${others.join('')}`
  const rule = failed.reason === 'PodFailurePolicy' && failed.message !== undefined ? ` ${sentence(failed.message)}` : ''
  return why(failed.reason === undefined ? 'Failed' : asGiven(failed.reason), what + rule)
}

/**
 * Signals that often end a program: a shell and the runtime say so with 128 and the number of the signal. But a program
 * may end by itself with such a code.
 */
const SIGNALS: Record<number, string> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  132: 'SIGILL',
  133: 'SIGTRAP',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  138: 'SIGUSR1',
  139: 'SIGSEGV',
  140: 'SIGUSR2',
  141: 'SIGPIPE',
  142: 'SIGALRM',
  143: 'SIGTERM',
  152: 'SIGXCPU',
  153: 'SIGXFSZ',
  159: 'SIGSYS'
}

function codeOf ({ state }: V1ContainerStatus): string {
  const { exitCode: code, reason } = state?.terminated ?? {}
  const signal = SIGNALS[code ?? 0]
  return `exit code ${code}${signal === undefined ? '' : ` (${reason === 'OOMKilled' ? '' : 'often '}${signal})`}`
}
