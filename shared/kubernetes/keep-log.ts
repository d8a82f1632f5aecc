import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { logKey } from '../store/bucket-layout.ts'
import { getTags, type PutCondition, putObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'
import { askApiServer } from './ask-api-server.ts'
import { type Cluster, kubernetesUnavailable } from './cluster.ts'
import { type ContainerLog, containerLog, logBytes, LogUnreadable } from './container-log.ts'
import { endOfLog } from './end-of-log.ts'
import { type LogTail, longTail, shortTail } from './log-tail.ts'
import { couldNotStart, failedContainer, podsOf, workloadStatus } from './workload.ts'

/** How long the log of an ending container is followed. If the pod's grace period is longer, it is read again later. */
const FOLLOW_MS = 240_000

/** What is kept of the log of another container, because of which the pod failed. */
const OTHER_BYTES = 64 * 1024

const NEWLINE = 0x0a

interface Log {
  tail: Buffer
  /** Whether nothing more is written to it. */
  ended: boolean
}

/**
 * Stores the log of a pod's workload. When the pod failed because of another container, the end of the log of that
 * container follows. `so far`: the current log, unless one of this pod is stored already. `to its end`: the log,
 * followed until the container ends, because the pods of a canceled or overdue Job are deleted as soon as they end.
 * `isFirst`: a stored log is not likely, so that one is looked for only when the write meets it. Returns true when the
 * stored log is complete.
 */
export async function keepLog (
  store: Store,
  cluster: Cluster,
  id: string,
  pod: V1Pod,
  extent: 'so far' | 'to its end',
  isFirst = false
): Promise<boolean> {
  const key = logKey(id)
  const attempt = pod.metadata!.uid!
  let stored = isFirst ? undefined : await storedLog(store, key, attempt)
  if (stored?.isWhole) return true
  const follow = extent === 'to its end'
  const isRunning = workloadStatus(pod)?.state?.running !== undefined
  const tail = longTail(follow && isRunning ? 'followed' : 'whole')
  try {
    const log = await logOf(cluster, id, pod, follow, tail)
    if (log === undefined) return false
    const kept = endOfLog(log.tail)
    // By the bytes before it, job-watch finds the place of a reader in it.
    const tags = { whole: String(log.ended), attempt, before: String(tail.total() - kept.length) }
    const put = async (condition: PutCondition): Promise<boolean> =>
      await putObject(store, key, kept, tags, condition, 'text/plain') !== undefined
    if (isFirst && await put({ ifNoneMatch: '*' })) return log.ended
    stored ??= await storedLog(store, key, attempt)
    if (stored.isWhole) return true
    await put(extent === 'so far' && !stored.isOfAnother ? { ifNoneMatch: '*' } : 'unconditional')
    return log.ended
  } finally {
    tail.drop()
  }
}

interface StoredLog {
  /** Whether it is of another pod: a pod that was taken away may have been replaced. */
  isOfAnother: boolean
  /** Whether it is the complete log of this pod. */
  isWhole: boolean
}

async function storedLog (store: Store, key: string, attempt: string): Promise<StoredLog> {
  const { attempt: of = attempt, whole } = await getTags(store, key)
  const isOfAnother = of !== attempt
  return { isOfAnother, isWhole: whole === 'true' && !isOfAnother }
}

/** The log of the workload and of the container that failed; `undefined` when neither has one. */
async function logOf (
  cluster: Cluster,
  id: string,
  pod: V1Pod,
  follow: boolean,
  tail: LogTail
): Promise<Log | undefined> {
  const log = await logOfWorkload(cluster, pod, follow, tail)
  const isRunning = workloadStatus(pod)?.state?.running !== undefined
  // The other containers may have gone on in the meantime, and a followed log also ends when its file is rotated.
  const after = follow && isRunning && log?.ended ? await refreshed(cluster, id, pod) : pod
  if (after === undefined) return log && { ...log, ended: false }
  const hasEnded = after === 'gone' || !isRunning || workloadStatus(after)?.state?.terminated !== undefined
  const last = after === 'gone' ? pod : after
  const other = await logOfOther(cluster, last)
  if (other === undefined) return log && { ...log, ended: log.ended && hasEnded && !mayFail(after) }
  const own = log?.tail ?? Buffer.alloc(0)
  const gap = own.length === 0 || own.at(-1) === NEWLINE ? '' : '\n'
  await tail.add(Buffer.concat([Buffer.from(gap), other.tail]))
  return {
    tail: tail.bytes(),
    ended: (log?.ended ?? true) && hasEnded && other.ended
  }
}

/** Whether there is a log to keep of a pod, or there will be one. */
export function hasLog (pod: V1Pod): boolean {
  const workload = workloadStatus(pod)
  const { running, terminated } = workload?.state ?? {}
  const ran = (running ?? terminated) !== undefined && !couldNotStart(workload!)
  return ran || otherOf(pod) !== undefined
}

/** The last bytes of the workload's log. `undefined` when the container never ran or is gone. */
async function logOfWorkload (
  cluster: Cluster,
  pod: V1Pod,
  follow: boolean,
  tail: LogTail
): Promise<Log | undefined> {
  const status = workloadStatus(pod)
  if (status === undefined || couldNotStart(status)) return undefined
  const { running, terminated } = status.state ?? {}
  if ((running ?? terminated) === undefined) return undefined
  const log = await readLog(cluster, containerLog(pod, status), follow && running !== undefined, tail)
  return log && { ...log, ended: log.ended && (terminated !== undefined || follow) }
}

/**
 * A line that names the container because of which the pod failed, and the end of its log. `undefined` when the pod did
 * not fail because of another container than the workload, or when that has no log any more.
 */
async function logOfOther (cluster: Cluster, pod: V1Pod): Promise<Log | undefined> {
  const failed = otherOf(pod)
  const log = failed && await readLog(cluster, containerLog(pod, failed), false, shortTail(OTHER_BYTES))
  if (log === undefined) return undefined
  const line = `--- the container ${failed!.name} ended with exit code ${failed!.state?.terminated?.exitCode}, and ` +
    'its log with this: ---\n'
  return { ...log, tail: Buffer.concat([Buffer.from(line), endOfLog(log.tail, OTHER_BYTES)]) }
}

/** The container because of which a pod failed, if it is not the workload and has run. */
function otherOf (pod: V1Pod): V1ContainerStatus | undefined {
  const failed = failedContainer(pod)
  if (failed === undefined || failed.name === workloadStatus(pod)?.name || couldNotStart(failed)) return undefined
  return failed
}

/** Whether another container may still fail and explain the end of the pod: the workload itself has ended well. */
function mayFail (pod: V1Pod | 'gone'): boolean {
  if (pod === 'gone' || workloadStatus(pod)?.state?.terminated?.exitCode !== 0) return false
  return pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false
}

/** Reads a log into `tail`. Tells whether it was read to the end; `undefined`: there is none. */
async function readLog (
  cluster: Cluster,
  log: ContainerLog,
  follow: boolean,
  tail: LogTail
): Promise<Log | undefined> {
  const { pod, container } = log
  const query = new URLSearchParams({ container, follow: String(follow) }).toString()
  let ended = true
  try {
    const response = await askApiServer(cluster, `/api/v1/namespaces/${cluster.namespace}/pods/${pod}/log?${query}`, {
      signal: AbortSignal.timeout(FOLLOW_MS),
      isLog: true
    })
    const { statusCode: status } = response
    if (status !== 200) response.resume()
    if (status === 404) return undefined
    if (status !== 200) throw new Error(`the API server answered with status ${status} instead of the log of ${pod}`)
    for await (const chunk of logBytes(response, log)) await tail.add(chunk)
  } catch (error) {
    // A part of the log is better than none.
    if (tail.bytes().length === 0) {
      if (error instanceof LogUnreadable) return undefined
      throw kubernetesUnavailable(error)
    }
    ended = false
  }
  return { tail: tail.bytes(), ended }
}

/** The pod as it is now; `undefined` when that is not known. */
async function refreshed (cluster: Cluster, id: string, { metadata }: V1Pod): Promise<V1Pod | 'gone' | undefined> {
  try {
    return (await podsOf(cluster, id)).find((one) => one.metadata?.uid === metadata?.uid) ?? 'gone'
  } catch {
    return undefined
  }
}
