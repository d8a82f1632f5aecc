import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { HttpMethod, RequestContext } from '@kubernetes/client-node'
import { fetch } from 'undici'
import { logKey } from '../../shared/bucket-layout.ts'
import { type Cluster, kubernetesUnavailable } from '../../shared/kubernetes.ts'
import { getTags, putObject, type Store } from '../../shared/object-store.ts'
import { condition, countingPod, workloadStatus } from './judge.ts'

/** The end of a log is what tells why a job failed. */
const KEPT_BYTES = 10 * 1024 * 1024

/** How long an ending container is listened to; a pod's grace period may be longer, then the log is read again later. */
const FOLLOW_MS = 240_000

/** Whether a Job is at its end or on the way there: when its pods may soon be gone, and their logs with them. */
export function isEnding (job: V1Job | undefined): boolean {
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return true
  return ['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget'].some((type) => condition(job, type) !== undefined)
}

/**
 * Keeps the log of the workload of the attempt that counts. Of a container that still runs it is followed to its end: the pods of a
 * canceled or overdue Job go as soon as they have ended. Answers whether nothing more can be had.
 */
export async function keepLog (store: Store, cluster: Cluster, id: string, pods: V1Pod[]): Promise<boolean> {
  const key = logKey(id)
  const kept = await getTags(store, key)
  if (kept['whole'] === 'true') return true
  const pod = countingPod(pods)
  if (pod === undefined) {
    if (kept['whole'] === undefined) await putLog(store, key, Buffer.from('The pod of this job was gone before its log could be read.\n'), true)
    return true
  }
  const log = await readLog(cluster, pod)
  if (log === undefined) return false
  await putLog(store, key, log.tail, log.ended)
  return log.ended
}

async function putLog (store: Store, key: string, log: Buffer, whole: boolean): Promise<void> {
  await putObject(store, key, log, { whole: String(whole) }, 'unconditional', 'text/plain')
}

/** The last bytes of the workload's log, to its end if it can be waited for; `undefined` when the container never ran. */
async function readLog ({ config, namespace }: Cluster, pod: V1Pod): Promise<{ tail: Buffer, ended: boolean } | undefined> {
  const status = workloadStatus(pod)
  if (status?.state?.running === undefined && status?.state?.terminated === undefined) return undefined
  const url = new URL(`${config.getCurrentCluster()!.server}/api/v1/namespaces/${namespace}/pods/${pod.metadata!.name!}/log`)
  url.search = new URLSearchParams({ container: status.name, follow: 'true' }).toString()
  // client-node's own log reader loses errors, and its API call decodes bytes as text.
  const context = new RequestContext(url.href, HttpMethod.GET)
  await config.applySecurityAuthentication(context)
  const dispatcher = context.getDispatcher()
  let ended = true
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    const response = await fetch(url, { headers: context.getHeaders(), signal: AbortSignal.timeout(FOLLOW_MS), ...(dispatcher && { dispatcher }) })
    if (response.status === 404) return undefined
    if (!response.ok || response.body === null) throw new Error(`the log of ${pod.metadata!.name} was answered with ${response.status}`)
    for await (const chunk of response.body) {
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      while (bytes - chunks[0]!.length >= KEPT_BYTES) bytes -= chunks.shift()!.length
    }
  } catch (error) {
    // Half a log is better than none.
    if (bytes === 0) throw kubernetesUnavailable(error)
    ended = false
  }
  return { tail: Buffer.concat(chunks).subarray(-KEPT_BYTES), ended }
}
