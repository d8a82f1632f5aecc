import type { V1Pod } from '@kubernetes/client-node'
import { logKey } from '../store/bucket-layout.ts'
import { getTags, putObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'
import { askApiServer } from './ask-api-server.ts'
import { type Cluster, kubernetesUnavailable } from './cluster.ts'
import { endOfLog, KEPT_BYTES } from './end-of-log.ts'
import { podsOf, workloadStatus } from './workload.ts'

/** How long the log of an ending container is followed. If the pod's grace period is longer, it is read again later. */
const FOLLOW_MS = 240_000

/**
 * Stores the log of a pod's workload. `so far`: the current log, unless one is stored already. `to its end`: the log,
 * followed until the container ends, because the pods of a canceled or overdue Job are deleted as soon as they end.
 * Returns true when the stored log is complete.
 */
export async function keepLog (
  store: Store,
  cluster: Cluster,
  id: string,
  pod: V1Pod,
  extent: 'so far' | 'to its end'
): Promise<boolean> {
  const key = logKey(id)
  if ((await getTags(store, key))['whole'] === 'true') return true
  const log = await readLog(cluster, id, pod, extent === 'to its end')
  if (log === undefined) return false
  await putObject(
    store,
    key,
    log.tail,
    { whole: String(log.ended) },
    extent === 'so far' ? { ifNoneMatch: '*' } : 'unconditional',
    'text/plain'
  )
  return log.ended
}

/**
 * The last bytes of the workload's log, and whether the log has ended. `undefined` when the container never ran or is
 * gone.
 */
async function readLog (
  cluster: Cluster,
  id: string,
  pod: V1Pod,
  follow: boolean
): Promise<{ tail: Buffer, ended: boolean } | undefined> {
  const { config, namespace } = cluster
  const status = workloadStatus(pod)
  if (status?.state?.running === undefined && status?.state?.terminated === undefined) return undefined
  const url = new URL(
    `${config.getCurrentCluster()!.server}/api/v1/namespaces/${namespace}/pods/${pod.metadata!.name!}/log`
  )
  url.search = new URLSearchParams({ container: status.name, follow: String(follow) }).toString()
  // client-node's log reader loses errors, and its API call decodes the bytes as text.
  let ended = status.state.terminated !== undefined
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    const response = await askApiServer(cluster, url.href, { signal: AbortSignal.timeout(FOLLOW_MS) })
    if (response.status === 404) return undefined
    if (!response.ok || response.body === null) {
      throw new Error(`the API server answered with status ${response.status} instead of the log of ${pod.metadata!.name}`)
    }
    for await (const chunk of response.body) {
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      // One byte more than is kept: it tells whether the kept part begins a line.
      while (bytes - chunks[0]!.length > KEPT_BYTES) bytes -= chunks.shift()!.length
    }
    if (follow && !ended) ended = await hasEnded(cluster, id, pod)
  } catch (error) {
    // A part of the log is better than none.
    if (bytes === 0) throw kubernetesUnavailable(error)
    ended = false
  }
  return { tail: endOfLog(Buffer.concat(chunks)), ended }
}

/**
 * Whether a workload that was running has ended. A followed log also ends when its file is rotated, so only the status
 * of the pod tells whether the log is complete.
 */
async function hasEnded (cluster: Cluster, id: string, { metadata }: V1Pod): Promise<boolean> {
  const pod = (await podsOf(cluster, id)).find((one) => one.metadata?.uid === metadata?.uid)
  return pod === undefined || workloadStatus(pod)?.state?.terminated !== undefined
}
