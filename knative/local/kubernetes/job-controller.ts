import { admit } from './admission.ts'
import { requestDeletion } from './deletion.ts'
import { hasEnded, type Job, type Pod, timestamp } from './objects.ts'
import { add, type Change, list, type Store, update } from './store.ts'

type Condition = NonNullable<Job['status']['conditions']>[number]

/** `counted`: uids of the pods that `succeeded` or `failed` already count. The keys of the maps are uids of Jobs. */
interface Controller {
  store: Store
  counted: Set<string>
  retryAt: Map<string, number>
  timers: Map<string, NodeJS.Timeout>
}

/** A failed pod is replaced after this time in ms, doubled with each failure. A real controller waits 10 s. */
const RETRY_DELAY = 1000

/**
 * The Job controller. Its order of status updates was recorded from a real controller: `SuccessCriteriaMet` or
 * `FailureTarget` first announces a terminal state, while the pods are still uncounted. A later update, when no pod
 * runs any more, makes the state final.
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
  const { spec, status, metadata: { deletionTimestamp } } = job
  const now = Date.now()
  const wakeAt = (time: number): void => {
    timers.set(uid, setTimeout(() => sync(controller, uid), Math.min(time - now, 2 ** 31 - 1)))
  }

  const end = status.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')
  if (end) {
    const expiry = Date.parse(end.lastTransitionTime!) + (spec.ttlSecondsAfterFinished ?? Infinity) * 1000
    if (deletionTimestamp || expiry === Infinity) return
    return now < expiry ? wakeAt(expiry) : requestDeletion(store, 'jobs', job, 'Foreground')
  }

  const conditions = [...status.conditions ?? []]
  const suspended = conditions.findIndex(({ type }) => type === 'Suspended')
  const turned = Boolean(spec.suspend) !== (conditions[suspended]?.status === 'True')
  if (turned && suspended >= 0) conditions.splice(suspended, 1)
  if (turned) {
    conditions.push(
      spec.suspend
        ? condition('Suspended', 'JobSuspended', 'Job suspended')
        : condition('Suspended', 'JobResumed', 'Job resumed', 'False')
    )
  }
  const startTime = spec.suspend ? undefined : (!turned && status.startTime) || timestamp(now)
  const deadline = startTime ? Date.parse(startTime) + (spec.activeDeadlineSeconds ?? Infinity) * 1000 : Infinity

  const found = tally(job, list(store, 'pods'), counted)
  const decided = conditions.find(({ type }) => type === 'SuccessCriteriaMet' || type === 'FailureTarget')
  const verdict = decided ?? judge(job, found, now >= deadline)
  if (verdict && !decided) conditions.push(verdict)

  if (verdict || spec.suspend) {
    for (const pod of found.active) {
      // A pod that a suspension ends does not count as failed.
      if (!verdict) counted.add(pod.metadata.uid)
      requestDeletion(store, 'pods', pod, 'Background')
    }
  } else if (!deletionTimestamp) {
    if (found.failed.length) retryAt.set(uid, now + RETRY_DELAY * 2 ** ((status.failed ?? 0) + found.failed.length - 1))
    const retry = retryAt.get(uid) ?? 0
    const wanted = Math.min(spec.parallelism!, spec.completions! - (status.succeeded ?? 0) - found.succeeded.length)
    const present = found.active.length + (spec.podReplacementPolicy === 'Failed' ? found.terminating.length : 0)
    for (let count = now < retry ? wanted : present; count < wanted; count++) add(store, 'pods', podOf(job))
    wakeAt(Math.min(deadline, now < retry ? retry : Infinity))
  }

  const left = tally(job, list(store, 'pods'), counted)
  const write = (counts: object): void => {
    const next = {
      active: left.active.length || undefined,
      conditions: conditions.length ? conditions : undefined,
      ready: left.ready,
      startTime,
      terminating: left.terminating.length,
      ...counts
    }
    // Drop undefined fields, as on the wire.
    update(store, 'jobs', job, (draft) => {
      draft.status = JSON.parse(JSON.stringify(next))
    })
  }
  write({
    succeeded: status.succeeded,
    failed: status.failed,
    uncountedTerminatedPods: { succeeded: uidsOf(left.succeeded), failed: uidsOf(left.failed) }
  })

  for (const pod of [...left.succeeded, ...left.failed]) counted.add(pod.metadata.uid)
  const succeeded = (status.succeeded ?? 0) + left.succeeded.length || undefined
  const failed = (status.failed ?? 0) + left.failed.length || undefined
  const final = verdict && !left.active.length && !left.terminating.length &&
    (verdict.type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed')
  if (final) conditions.push(condition(final, verdict.reason!, verdict.message!))
  write({
    succeeded,
    failed,
    uncountedTerminatedPods: {},
    completionTime: final === 'Complete' ? timestamp(now) : undefined
  })
}

/** The interim condition that a Job has reached, if any. */
function judge (
  { spec, status }: Job,
  { active, succeeded, failed, restarts }: Tally,
  isLate: boolean
): Condition | undefined {
  if ((status.failed ?? 0) + failed.length > spec.backoffLimit! || restarts > spec.backoffLimit!) {
    return condition('FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  }
  if (isLate) return condition('FailureTarget', 'DeadlineExceeded', 'Job was active longer than specified deadline')
  if ((status.succeeded ?? 0) + succeeded.length >= spec.completions! && !active.length) {
    return condition('SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods')
  }
}

/** `succeeded` and `failed` have only the pods that the status does not count yet. */
interface Tally {
  active: Pod[]
  ready: number
  restarts: number
  terminating: Pod[]
  succeeded: Pod[]
  failed: Pod[]
}

function tally ({ metadata, spec }: Job, all: Pod[], counted: Set<string>): Tally {
  const pods = all.filter((pod) =>
    pod.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === metadata.uid)
  )
  const uncounted = pods.filter((pod) => !counted.has(pod.metadata.uid))
  const active = pods.filter((pod) => !hasEnded(pod) && !pod.metadata.deletionTimestamp)
  return {
    active,
    ready:
      active.filter(({ status }) =>
        status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
      ).length,
    restarts: active.flatMap(({ status }) => status.containerStatuses ?? []).reduce(
      (sum, { restartCount }) => sum + restartCount,
      0
    ),
    terminating: pods.filter((pod) => !hasEnded(pod) && pod.metadata.deletionTimestamp),
    succeeded: uncounted.filter(({ status }) => status.phase === 'Succeeded'),
    failed: uncounted.filter((pod) =>
      pod.status.phase === 'Failed' ||
      (spec.podReplacementPolicy !== 'Failed' && pod.metadata.deletionTimestamp && pod.status.phase !== 'Succeeded')
    )
  }
}

function podOf ({ apiVersion, kind, metadata: { name, namespace, uid }, spec: { template } }: Job): Pod {
  const owner = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
  return admit('pods', namespace, {
    ...template,
    metadata: { ...template.metadata, generateName: `${name}-`, ownerReferences: [owner] }
  })
}

function condition (
  type: string,
  reason: string,
  message: string,
  status = 'True'
): Condition {
  return { type, status, reason, message, lastProbeTime: timestamp(), lastTransitionTime: timestamp() }
}

const uidsOf = (pods: Pod[]): string[] | undefined => pods.length ? pods.map(({ metadata }) => metadata.uid) : undefined
