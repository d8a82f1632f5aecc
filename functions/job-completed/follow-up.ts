import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { isTerminal } from '../../shared/job/job-state.ts'
import { noteLostLog } from '../../shared/job/lost-log.ts'
import { isOwing } from '../../shared/job/owed-callbacks.ts'
import { noteOwing, readRecord } from '../../shared/job/record-store.ts'
import { condition } from '../../shared/kubernetes/condition.ts'
import { hasLog, keepLog } from '../../shared/kubernetes/keep-log.ts'
import { countingPod } from '../../shared/kubernetes/workload.ts'
import { markerKey } from '../../shared/store/bucket-layout.ts'
import { removeObject } from '../../shared/store/object-store.ts'
import { abortUploads } from '../../shared/store/unfinished-uploads.ts'
import { awaitReport } from './await-report.ts'
import { payCallbacks } from './callbacks/pay-callbacks.ts'
import { soonDue, untilDue } from './callbacks/until-due.ts'
import { type Deps, findJob, settleJob } from './settle-job.ts'

/**
 * Does the work that remains after the record has its new state: keeps the log, aborts unfinished multipart uploads,
 * makes the due callbacks, and at last removes the marker. It runs after the event is answered, because the Broker and
 * the source wait for that answer. If the process stops in between, the next ping repeats the work. For a job that
 * `isWrappedUp`, only callbacks remain. Returns whether a callback is still owed.
 */
export async function followUp (deps: Deps, id: string, isWrappedUp: boolean): Promise<boolean> {
  // In parallel: the log may be deleted with its pod while a slow receiver answers, and no receiver must wait for a
  // log.
  const [wrapped, paid] = await Promise.allSettled([isWrappedUp || wrapUp(deps, id), payCallbacks(deps, id)])
  if (wrapped.status === 'rejected') throw wrapped.reason
  if (paid.status === 'rejected') throw paid.reason
  if (!wrapped.value) return paid.value
  // `wrapUp` may have found the end of the job, which adds new callbacks.
  if (await payCallbacks(deps, id)) {
    if (!isWrappedUp) await noteOwing(deps.store, id)
    return true
  }
  await removeObject(deps.store, markerKey(id))
  const after = await readRecord(deps.store, id)
  // A client may have requested a redelivery before the marker was removed. The job needs its marker again.
  if (after === undefined || !isOwing(after.record)) return false
  await noteOwing(deps.store, id)
  return true
}

/** Keeps the log and aborts unfinished uploads. Returns true when the job has ended and both are done. */
async function wrapUp (deps: Deps, id: string): Promise<boolean> {
  const { store, cluster } = deps
  const { job, pods } = await findJob(cluster, id)
  const before = await readRecord(store, id)
  if (before === undefined) return false
  const hadEnded = isTerminal(before.record.state)
  const pod = countingPod(pods)
  if (!hadEnded && (pod === undefined || !(isEnding(job) || isTaken(pod)))) return false

  const hasRun = before.record.started_at !== undefined
  if (hasRun && pod === undefined) await noteLostLog(store, id)
  // Of a pod whose workload did not run, another container may tell why.
  const isSilent = pod === undefined || (!hasRun && !hasLog(pod))
  const nothingMore = isSilent || await keepLog(store, cluster, id, pod, 'to its end')
  // Following the log takes until the container ends. Then there is an exit code, and the job may have ended.
  const after = hadEnded ? before.record : (await settleJob(deps, id, await awaitReport(cluster, id)))?.record
  if (!nothingMore || after === undefined || !isTerminal(after.state)) return false
  await abortUploads(store, id)
  return true
}

/** Whether a Job has ended or is about to end. Its pods and their logs may soon be deleted. */
function isEnding (job: V1Job | undefined): boolean {
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return true
  return ['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget'].some((type) =>
    condition(job, type) !== undefined
  )
}

/** Whether the cluster takes a pod away. Its Job fails, or makes another pod, and this one and its log are deleted. */
function isTaken (pod: V1Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined || condition(pod, 'DisruptionTarget') !== undefined
}

export interface FollowUps {
  /** Starts a follow-up. If one is already running for this job, it runs once more afterwards. */
  start(id: string, isWrappedUp?: boolean): void
  /** Resolves when no follow-up is running. */
  settled(): Promise<void>
}

/** Runs at most one follow-up per job at a time. */
export function followUps (deps: Deps, failed: (id: string, error: Error) => void): FollowUps {
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const waiting = new Map<string, Promise<void>>()

  async function run (id: string, isWrappedUp: boolean): Promise<void> {
    let isOwing: boolean
    do {
      again.delete(id)
      isOwing = await followUp(deps, id, isWrappedUp).catch((error: Error) => {
        failed(id, error)
        return false
      })
    } while (again.has(id))
    running.delete(id)
    if (!isOwing || waiting.has(id)) return
    waiting.set(id, continueSoon(id).catch((error: Error) => failed(id, error)).finally(() => waiting.delete(id)))
  }

  /**
   * Makes sure that a callback that is due in seconds does not wait for a ping. A process that has no request may be
   * ended, so a request to this function waits in its place (untilDue). Without a Broker, this process waits.
   */
  async function continueSoon (id: string): Promise<void> {
    const { remind, stopping } = deps.outbox
    const isSoon = !stopping.aborted && await soonDue(deps.store, id) !== undefined
    if (isSoon && !await remind(id) && await untilDue(deps.store, id, stopping)) start(id)
  }

  function start (id: string, isWrappedUp = false): void {
    if (running.has(id)) again.add(id)
    else running.set(id, run(id, isWrappedUp))
  }

  return {
    start,
    async settled () {
      await Promise.all(running.values())
      await Promise.all(waiting.values())
    }
  }
}
