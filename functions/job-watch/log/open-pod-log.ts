import type http from 'node:http'
import type { Cluster } from '../../../shared/kubernetes/cluster.ts'
import { countingPod, podsOf, workloadStatus } from '../../../shared/kubernetes/workload.ts'
import { openLog } from './copy-log.ts'

/** The log so far of the pod that counts; `undefined` when it has none (any more). */
export async function openPodLog (
  cluster: Cluster,
  id: string,
  how: { tailLines: number | undefined, signal: AbortSignal }
): Promise<http.IncomingMessage | undefined> {
  const pod = countingPod(await podsOf(cluster, id))
  const status = pod && workloadStatus(pod)
  if (pod === undefined || status === undefined) return undefined
  return await openLog(cluster, { pod: pod.metadata!.name!, container: status.name }, how)
}
