import { Readable } from 'node:stream'
import { type Cluster, kubernetesUnavailable } from '../../../shared/kubernetes/cluster.ts'
import { containerLog, logBytes, LogUnreadable } from '../../../shared/kubernetes/container-log.ts'
import { countingPod, podsOf, workloadStatus } from '../../../shared/kubernetes/workload.ts'
import { openLog } from './copy-log.ts'

/** The log so far of the pod that counts; `undefined` when it has none (any more). */
export async function openPodLog (
  cluster: Cluster,
  id: string,
  how: { tailLines: number | undefined, signal: AbortSignal }
): Promise<Readable | undefined> {
  const pod = countingPod(await podsOf(cluster, id))
  const status = pod && workloadStatus(pod)
  if (pod === undefined || status === undefined) return undefined
  const log = containerLog(pod, status)
  const response = await openLog(cluster, log, how)
  if (response === undefined) return undefined
  const bytes = logBytes(response, log)
  try {
    // Whether there is a log is known only with its first bytes.
    const first = await bytes.next()
    return Readable.from(first.done ? [] : joined(first.value, bytes), { objectMode: false })
  } catch (error) {
    if (error instanceof LogUnreadable) return undefined
    throw kubernetesUnavailable(error)
  }
}

async function * joined (first: Buffer, others: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield * others
}
