import { admit } from './admission.ts'
import { requestDeletion } from './deletion.ts'
import { hasEnded, type Job, type Pod, timestamp } from './objects.ts'
import { add, type Change, list, type Store, update } from './store.ts'

type Condition = NonNullable<Job['status']['conditions']>[number]

/** `counted`: uids of the pods that are in `succeeded` or `failed`. The maps are by uid of the Job. */
interface Controller { store: Store, counted: Set<string>, retryAt: Map<string, number>, timers: Map<string, NodeJS.Timeout> }

/** A failed pod is replaced after this many ms, doubled with each failure. A real controller waits 10 s. */
const RETRY_DELAY = 1000

/**
 * The Job controller. Its order of status updates is the one recorded from a real one: a terminal state is first announced by
 * `SuccessCriteriaMet` or `FailureTarget`, with the pods still uncounted, and made final by a later update, when no pod runs any more.
 */
export function startJobController (store: Store): { stop: () => void } {
  const controller: Controller = { store, counted: new Set(), retryAt: new Map(), timers: new Map() }
  const onChange = ({ resource, before, after }: Change): void => {
    const { uid, ownerReferences } = (after ?? before)!.metadata
    const job = resource === 'jobs' ? uid : ownerReferences?.find((owner) => owner.controller)?.uid
    if (job) sync(controller, job)
  }
  store.changes.on('change', onChange)
  return {
    stop: () => {
      store.changes.off('change', onChange)
      for (const timer of controller.timers.values()) clearTimeout(timer)
    }
  }
}

function sync (controller: Controller, uid: string): void {
  const { store, counted, retryAt, timers } = controller
  clearTimeout(timers.get(uid))
  const job = list(store, 'jobs').find(({ metadata }) => metadata.uid === uid)
  if (!job) return
  const now = Date.now()
  const wakeAt = (time: number): void => { timers.set(uid, setTimeout(() => sync(controller, uid), Math.min(time - now, 2 ** 31 - 1))) }
  const { spec, status, metadata: { deletionTimestamp } } = job

  const end = status.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')
  if (end) {
    const expiry = Date.parse(end.lastTransitionTime!) + (spec.ttlSecondsAfterFinished ?? Infinity) * 1000
    if (deletionTimestamp || expiry === Infinity) return
    return now < expiry ? wakeAt(expiry) : requestDeletion(store, 'jobs', job, 'Foreground')
  }

  let { startTime, conditions = [], succeeded = 0, failed = 0 } = status
  const suspended = conditions.find(({ type }) => type === 'Suspended')
  if (Boolean(spec.suspend) !== (suspended?.status === 'True')) {
    const change = spec.suspend ? condition('Suspended', 'JobSuspended', 'Job suspended') : condition('Suspended', 'JobResumed', 'Job resumed', 'False')
    conditions = [...conditions.filter((each) => each !== suspended), change]
    startTime = undefined
  }
  if (!spec.suspend) startTime ??= timestamp(now)

  const found = tally(job, list(store, 'pods'), counted)
  if (found.failed.length) retryAt.set(uid, now + RETRY_DELAY * 2 ** (failed + found.failed.length - 1))
  const deadline = startTime && spec.activeDeadlineSeconds !== undefined ? Date.parse(startTime) + spec.activeDeadlineSeconds * 1000 : Infinity
  let verdict = conditions.find(({ type }) => type === 'SuccessCriteriaMet' || type === 'FailureTarget')
  if (!verdict) {
    if (failed + found.failed.length > spec.backoffLimit! || found.restarts > spec.backoffLimit!) verdict = condition('FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit')
    else if (now >= deadline) verdict = condition('FailureTarget', 'DeadlineExceeded', 'Job was active longer than specified deadline')
    else if (succeeded + found.succeeded.length >= spec.completions! && !found.active.length) verdict = condition('SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods')
    if (verdict) conditions = [...conditions, verdict]
  }

  if (verdict || spec.suspend) {
    for (const pod of found.active) {
      // What a suspension ends has not failed.
      if (!verdict) counted.add(pod.metadata.uid)
      requestDeletion(store, 'pods', pod, 'Background')
    }
  } else if (!deletionTimestamp) {
    const retry = retryAt.get(uid) ?? 0
    const room = Math.min(spec.parallelism!, spec.completions! - succeeded - found.succeeded.length) - found.active.length -
      (spec.podReplacementPolicy === 'Failed' ? found.terminating.length : 0)
    if (now >= retry) for (let count = 0; count < room; count++) add(store, 'pods', podOf(job))
    wakeAt(Math.min(deadline, now < retry ? retry : Infinity))
  }

  const left = tally(job, list(store, 'pods'), counted)
  const write = (counts: object): void => {
    update(store, 'jobs', job, (draft) => {
      draft.status = withoutUndefined({ active: left.active.length || undefined, conditions: conditions.length ? conditions : undefined, ready: left.ready, startTime, terminating: left.terminating.length, ...counts })
    })
  }
  const uncounted = { succeeded: uidsOf(left.succeeded), failed: uidsOf(left.failed) }
  write({ succeeded: status.succeeded, failed: status.failed, uncountedTerminatedPods: uncounted })

  for (const pod of [...left.succeeded, ...left.failed]) counted.add(pod.metadata.uid)
  succeeded += left.succeeded.length
  failed += left.failed.length
  let completionTime: string | undefined
  if (verdict && !left.active.length && !left.terminating.length) {
    const success = verdict.type === 'SuccessCriteriaMet'
    conditions = [...conditions, condition(success ? 'Complete' : 'Failed', verdict.reason!, verdict.message!)]
    if (success) completionTime = timestamp(now)
  }
  write({ succeeded: succeeded || undefined, failed: failed || undefined, uncountedTerminatedPods: {}, completionTime })
}

function tally ({ metadata, spec }: Job, all: Pod[], counted: Set<string>) {
  const pods = all.filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === metadata.uid))
  const uncounted = pods.filter((pod) => !counted.has(pod.metadata.uid))
  const active = pods.filter((pod) => !hasEnded(pod) && !pod.metadata.deletionTimestamp)
  return {
    active,
    ready: active.filter(({ status }) => status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')).length,
    restarts: active.flatMap(({ status }) => status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    terminating: pods.filter((pod) => !hasEnded(pod) && pod.metadata.deletionTimestamp),
    succeeded: uncounted.filter(({ status }) => status.phase === 'Succeeded'),
    failed: uncounted.filter((pod) => pod.status.phase === 'Failed' ||
      (spec.podReplacementPolicy !== 'Failed' && pod.metadata.deletionTimestamp && pod.status.phase !== 'Succeeded'))
  }
}

function podOf ({ apiVersion, kind, metadata: { name, namespace, uid }, spec: { template } }: Job): Pod {
  const owner = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
  return admit('pods', namespace, { ...template, metadata: { ...template.metadata, generateName: `${name}-`, ownerReferences: [owner] } })
}

function condition (type: string, reason: string, message: string, status = 'True'): Condition {
  return { type, status, reason, message, lastProbeTime: timestamp(), lastTransitionTime: timestamp() }
}

const uidsOf = (pods: Pod[]): string[] | undefined => pods.length ? pods.map(({ metadata }) => metadata.uid) : undefined

const withoutUndefined = (status: object): Job['status'] => JSON.parse(JSON.stringify(status))
