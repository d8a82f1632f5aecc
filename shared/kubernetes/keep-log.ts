import type { V1Pod } from '@kubernetes/client-node'
import { logKey } from '../store/bucket-layout.ts'
import { getTags, putObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'
import { askApiServer } from './ask-api-server.ts'
import { type Cluster, kubernetesUnavailable } from './cluster.ts'
import { podsOf, workloadStatus } from './workload.ts'

/** The end of a log is what tells why a job failed. */
const KEPT_BYTES = 10 * 1024 * 1024

/**
 * How long an ending container is listened to; a pod's grace period may be longer, then the log is read again later.
 */
const FOLLOW_MS = 240_000

/**
 * Keeps the log of a pod's workload: as it is now if none is kept yet, or followed to its end, because the pods of a
 * canceled or overdue Job go as soon as they have ended. Answers whether nothing more can be had.
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

/** Instead of a log that nobody can read any more; what was kept of it before stays. */
export async function noteLostLog (store: Store, id: string): Promise<void> {
  await putObject(
    store,
    logKey(id),
    'The pod of this job was gone before its log could be read.\n',
    { whole: 'true' },
    { ifNoneMatch: '*' },
    'text/plain'
  )
}

/** The last bytes of the workload's log, and whether they are its end; `undefined` when the container never ran. */
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
  // client-node's own log reader loses errors, and its API call decodes bytes as text.
  let ended = status.state.terminated !== undefined
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    const response = await askApiServer(cluster, url.href, { signal: AbortSignal.timeout(FOLLOW_MS) })
    if (response.status === 404) return undefined
    if (!response.ok || response.body === null) {
      throw new Error(`the log of ${pod.metadata!.name} was answered with ${response.status}`)
    }
    for await (const chunk of response.body) {
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      while (bytes - chunks[0]!.length >= KEPT_BYTES) bytes -= chunks.shift()!.length
    }
    if (follow && !ended) ended = await hasEnded(cluster, id, pod)
  } catch (error) {
    // Half a log is better than none.
    if (bytes === 0) throw kubernetesUnavailable(error)
    ended = false
  }
  return { tail: Buffer.concat(chunks).subarray(-KEPT_BYTES), ended }
}

/**
 * Of a workload that ran: a log that is followed also comes to an end when its file is rotated, so only the pod tells
 * whether there is more to come.
 */
async function hasEnded (cluster: Cluster, id: string, { metadata }: V1Pod): Promise<boolean> {
  const pod = (await podsOf(cluster, id)).find((one) => one.metadata?.uid === metadata?.uid)
  return pod === undefined || workloadStatus(pod)?.state?.terminated !== undefined
}
