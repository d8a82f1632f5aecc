import { pause } from '../../../shared/flow/pause.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isLostLog } from '../../../shared/job/lost-log.ts'
import type { Cluster } from '../../../shared/kubernetes/cluster.ts'
import { type ContainerLog, containerLog } from '../../../shared/kubernetes/container-log.ts'
import { countingPod, couldNotStart, podsOf, workloadStatus } from '../../../shared/kubernetes/workload.ts'
import { logKey } from '../../../shared/store/bucket-layout.ts'
import { getTags, headObject, streamObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { copyLog, newBase } from './copy-log.ts'
import { hasEnded } from '../has-ended.ts'
import type { JobFeed } from '../job-feed.ts'
import type { JobLog, LogPart } from './job-log.ts'
import { type LogMemory, logWindow } from './log-window.ts'

export interface FollowDeps {
  store: Store
  cluster: Cluster
  memory: LogMemory
}

/** Between two looks at the pods of a job whose workload does not run. */
const LOOK_MS = 2_000
/** Before a log is asked for again that has ended, or that could not be read. */
const AGAIN_MS = 500
/** What the pod of a job that has ended may still take to end. */
const GRACE_MS = 10_000
/** How long the log of a job that has ended is waited for. */
const WAIT_FOR_ANY_MS = 60_000
/** How long the whole of it is waited for, when a part is stored. */
export const WAIT_FOR_WHOLE_MS = 15_000

/**
 * Reads the log of a job into memory, until the job has ended and its log is kept: first from its pods, one after the
 * other, then from the store. Only one of these runs for a job, however many watch it.
 */
export async function followLog (
  deps: FollowDeps,
  feed: JobFeed,
  log: JobLog,
  signal: AbortSignal
): Promise<void> {
  while (!hasEnded(feed.record())) {
    if (signal.aborted) return
    const mayRun = feed.record()?.started_at !== undefined
    const isRead = mayRun && await followPod(deps, feed, log, signal).catch(() => false)
    if (!hasEnded(feed.record())) await pause(isRead ? AGAIN_MS : LOOK_MS, signal, feed.changed)
  }
  for (const part of log.parts) part.isFinished = true
  const record = feed.record()
  const giveUp = performance.now() + WAIT_FOR_ANY_MS
  while (record?.started_at !== undefined && !signal.aborted && performance.now() < giveUp) {
    const isOld = performance.now() > giveUp - WAIT_FOR_ANY_MS + WAIT_FOR_WHOLE_MS
    if (await readKept(deps, record, log, isOld).catch(() => false)) break
    await pause(AGAIN_MS, signal)
  }
  log.isOver = true
  log.changed.beat()
}

/** Follows the pod that counts now, if its workload has a log that is not read yet. */
async function followPod (
  { cluster, memory }: FollowDeps,
  feed: JobFeed,
  log: JobLog,
  signal: AbortSignal
): Promise<boolean> {
  const pod = countingPod(await podsOf(cluster, feed.id))
  const status = pod && workloadStatus(pod)
  const { running, terminated } = status?.state ?? {}
  if (pod === undefined || status === undefined || (running ?? terminated) === undefined || couldNotStart(status)) {
    return false
  }
  const part = partOf(log, pod.metadata!.uid!, memory)
  if (part.isFinished) return false
  const from = containerLog(pod, status)
  const added = (): void => log.changed.beat()

  let read = await copyLog(cluster, from, copyOf(part), { signal, added })
  if (read === 'rotated') read = await afterRotation(cluster, from, part, { signal, added })
  if (read !== 'copied') return false
  part.hasCaughtUp = true
  if (terminated !== undefined) {
    part.window.finish()
    part.isFinished = true
  }
  log.changed.beat()
  if (terminated === undefined) {
    const ending = endOf(feed, signal)
    try {
      await copyLog(cluster, from, copyOf(part), { follow: true, signal: ending.signal, added })
    } finally {
      ending.stop()
    }
  }
  return true
}

/** The part of this attempt. The parts of earlier ones are finished, and only the last of them keeps its memory. */
function partOf (log: JobLog, attempt: string, memory: LogMemory): LogPart {
  const last = log.parts.at(-1)
  if (last?.attempt === attempt) return last
  const part = { attempt, window: logWindow(memory), base: 0, hasCaughtUp: false, isFinished: false }
  if (last !== undefined) last.isFinished = true
  log.parts.push(part)
  while (log.parts.length > 2) log.parts.shift()!.window.close()
  return part
}

const copyOf = ({ window, base }: LogPart): { window: LogPart['window'], base: number } => ({ window, base })

async function afterRotation (
  cluster: Cluster,
  from: ContainerLog,
  part: LogPart,
  how: { signal: AbortSignal, added: () => void }
): Promise<'copied' | 'rotated' | undefined> {
  const base = await newBase(cluster, from, part.window)
  if (base === undefined) part.window.gap()
  part.base = base ?? part.window.size()
  return await copyLog(cluster, from, copyOf(part), how)
}

/** Aborted with the signal, and a while after the end of the job: the pod of an ended job may be unreachable. */
function endOf (feed: JobFeed, signal: AbortSignal): { signal: AbortSignal, stop: () => void } {
  const over = new AbortController()
  const stopped = new AbortController()
  const wait = async (): Promise<void> => {
    while (!stopped.signal.aborted && !hasEnded(feed.record())) {
      await pause(GRACE_MS, stopped.signal, feed.changed)
    }
    await pause(GRACE_MS, stopped.signal)
  }
  wait().finally(() => over.abort()).catch(() => {})
  return { signal: AbortSignal.any([signal, over.signal]), stop: () => stopped.abort() }
}

/** Reads the log that is kept, unless all of it is read already. `false`: it is not stored yet, or not the whole. */
async function readKept (
  { store, memory }: FollowDeps,
  { job_uuid: id, attempt: counting }: JobRecord,
  log: JobLog,
  takesAny: boolean
): Promise<boolean> {
  const head = await headObject(store, logKey(id))
  if (head === undefined) return false
  if (await isLostLog(store, id, head.size)) return true
  const { whole = 'true', attempt = counting ?? 'kept', before = '0' } = await getTags(store, logKey(id))
  if (whole !== 'true' && !takesAny) return false
  const last = log.parts.at(-1)
  if (last?.attempt === attempt && last.hasCaughtUp && last.window.size() === Number(before) + head.size) {
    // The last line may be one without an end.
    last.window.finish()
    return true
  }
  const bytes = await streamObject(store, logKey(id), { etag: head.etag })
  if (bytes === undefined) return false
  const window = logWindow(memory, Number(before))
  for await (const chunk of bytes as AsyncIterable<Buffer>) window.add(chunk)
  window.finish()
  log.parts.push({ attempt, window, base: 0, hasCaughtUp: true, isFinished: true })
  return true
}
