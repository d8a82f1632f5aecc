import type { V1Job } from '@kubernetes/client-node'
import { markerKey } from '../../shared/bucket-layout.ts'
import { isTerminal } from '../../shared/job-record.ts'
import { keepLog, noteLostLog } from '../../shared/keep-log.ts'
import { removeObject } from '../../shared/object-store.ts'
import { readRecord } from '../../shared/record-store.ts'
import { abortUploads } from '../../shared/unfinished-uploads.ts'
import { countingPod } from '../../shared/workload.ts'
import { condition } from './judge.ts'
import { type Deps, findJob, settleJob } from './settle-job.ts'

/**
 * What is owed once the state is written: the log, the parts of uploads that will never be finished, and at last the marker. It follows the answer to the event, because the Broker
 * and the source behind it wait for that; what is cut off here the ping makes good.
 */
export async function followUp (deps: Deps, id: string): Promise<void> {
  const { store, cluster } = deps
  const { job, pods } = await findJob(cluster, id)
  const before = await readRecord(store, id)
  if (before === undefined) return
  const hadEnded = isTerminal(before.record.state)
  const pod = countingPod(pods)
  if (!hadEnded && (pod === undefined || !isEnding(job))) return

  const hasRun = before.record.started_at !== undefined
  if (hasRun && pod === undefined) await noteLostLog(store, id)
  const nothingMore = !hasRun || pod === undefined || await keepLog(store, cluster, id, pod, 'to its end')
  // Following a log takes as long as its container: by now there is an exit code, and perhaps the end of the job.
  const after = hadEnded ? before.record : (await settleJob(deps, id))?.record
  if (!nothingMore || after === undefined || !isTerminal(after.state)) return
  await abortUploads(store, id)
  await removeObject(store, markerKey(id))
}

/** Whether a Job is at its end or on the way there: when its pods may soon be gone, and their logs with them. */
function isEnding (job: V1Job | undefined): boolean {
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return true
  return ['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget'].some((type) => condition(job, type) !== undefined)
}

export interface FollowUps {
  /** Begins, or sees to it that it is done once more after the one that is under way. */
  start (id: string): void
  /** Resolves when nothing is under way. */
  settled (): Promise<void>
}

/** One follow-up a job at a time. */
export function followUps (deps: Deps, failed: (id: string, error: Error) => void): FollowUps {
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()

  async function run (id: string): Promise<void> {
    do {
      again.delete(id)
      await followUp(deps, id).catch((error: Error) => failed(id, error))
    } while (again.has(id))
    running.delete(id)
  }

  return {
    start (id) {
      if (running.has(id)) again.add(id)
      else running.set(id, run(id))
    },
    async settled () {
      await Promise.all(running.values())
    }
  }
}
