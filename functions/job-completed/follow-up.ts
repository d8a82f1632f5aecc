import type { V1Job } from '@kubernetes/client-node'
import { isTerminal } from '../../shared/job/job-state.ts'
import { isOwing } from '../../shared/job/owed-callbacks.ts'
import { noteOwing, readRecord } from '../../shared/job/record-store.ts'
import { keepLog, noteLostLog } from '../../shared/kubernetes/keep-log.ts'
import { countingPod } from '../../shared/kubernetes/workload.ts'
import { markerKey } from '../../shared/store/bucket-layout.ts'
import { removeObject } from '../../shared/store/object-store.ts'
import { abortUploads } from '../../shared/store/unfinished-uploads.ts'
import { condition } from './judge.ts'
import { payCallbacks } from './callbacks/pay-callbacks.ts'
import { type Deps, findJob, settleJob } from './settle-job.ts'

/**
 * What is owed once the state is written: the log, the parts of uploads that will never be finished, the callbacks, and
 * at last the marker. It follows the answer to the event, because the Broker and the source behind it wait for that;
 * what is cut off here the ping makes good. Of a job that `isWrappedUp` only callbacks are left.
 */
export async function followUp (deps: Deps, id: string, isWrappedUp: boolean): Promise<void> {
  // At once: a receiver that takes its time must not cost a log, and no receiver has to wait for one.
  const [wrapped, paid] = await Promise.allSettled([isWrappedUp || wrapUp(deps, id), payCallbacks(deps, id)])
  for (const one of [wrapped, paid]) if (one.status === 'rejected') throw one.reason
  if (wrapped.status === 'rejected' || !wrapped.value) return
  // The end may have come with the log.
  if (await payCallbacks(deps, id)) {
    if (!isWrappedUp) await noteOwing(deps.store, id)
    return
  }
  await removeObject(deps.store, markerKey(id))
  const after = await readRecord(deps.store, id)
  // Somebody asked for a callback once more, and found the marker still there.
  if (after !== undefined && isOwing(after.record)) await noteOwing(deps.store, id)
}

/**
 * Keeps the log and frees what is left of uploads; answers whether the job has ended and nothing more of that is to be
 * done.
 */
async function wrapUp (deps: Deps, id: string): Promise<boolean> {
  const { store, cluster } = deps
  const { job, pods } = await findJob(cluster, id)
  const before = await readRecord(store, id)
  if (before === undefined) return false
  const hadEnded = isTerminal(before.record.state)
  const pod = countingPod(pods)
  if (!hadEnded && (pod === undefined || !isEnding(job))) return false

  const hasRun = before.record.started_at !== undefined
  if (hasRun && pod === undefined) await noteLostLog(store, id)
  const nothingMore = !hasRun || pod === undefined || await keepLog(store, cluster, id, pod, 'to its end')
  // Following a log takes as long as its container: by now there is an exit code, and perhaps the end of the job.
  const after = hadEnded ? before.record : (await settleJob(deps, id))?.record
  if (!nothingMore || after === undefined || !isTerminal(after.state)) return false
  await abortUploads(store, id)
  return true
}

/** Whether a Job is at its end or on the way there: when its pods may soon be gone, and their logs with them. */
function isEnding (job: V1Job | undefined): boolean {
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return true
  return ['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget'].some((type) =>
    condition(job, type) !== undefined
  )
}

export interface FollowUps {
  /** Begins, or sees to it that it is done once more after the one that is under way. */
  start(id: string, isWrappedUp?: boolean): void
  /** Resolves when nothing is under way. */
  settled(): Promise<void>
}

/** One follow-up a job at a time. */
export function followUps (deps: Deps, failed: (id: string, error: Error) => void): FollowUps {
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()

  async function run (id: string, isWrappedUp: boolean): Promise<void> {
    do {
      again.delete(id)
      await followUp(deps, id, isWrappedUp).catch((error: Error) => failed(id, error))
    } while (again.has(id))
    running.delete(id)
  }

  return {
    start (id, isWrappedUp = false) {
      if (running.has(id)) again.add(id)
      else running.set(id, run(id, isWrappedUp))
    },
    async settled () {
      await Promise.all(running.values())
    }
  }
}
