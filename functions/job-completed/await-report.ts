import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../shared/kubernetes/cluster.ts'
import { countingPod, workloadStatus } from '../../shared/kubernetes/workload.ts'
import { findJob, type Found } from './settle-job.ts'

/** Less than the second for which the Job controller leaves a pod that has ended, before it lets it go. */
const EVERY_MS = 400

/** The uploader may go on for longer than this. Then the next ping waits again. */
const LONGEST_MS = 50_000

/**
 * The Job and the pods of a job when the exit code of its workload is known, or will not be. The kubelet reports how
 * the containers of a pod that is taken away ended when the last of them has ended, and about a second later the pod is
 * gone; at once, when its Job is deleted: then the exit code may be lost. No event tells that.
 */
export async function awaitReport (cluster: Cluster, id: string): Promise<Found> {
  const until = performance.now() + LONGEST_MS
  for (;;) {
    const found = await findJob(cluster, id)
    const pod = countingPod(found.pods)
    const isRunning = pod !== undefined && workloadStatus(pod)?.state?.running !== undefined
    if (!isRunning || performance.now() > until) return found
    await sleep(EVERY_MS)
  }
}
