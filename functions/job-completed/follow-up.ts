import type { V1Pod } from '@kubernetes/client-node'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { atMost } from '../../shared/flow/at-most.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { noteLostLog } from '../../shared/job/lost-log.ts'
import { isOwing } from '../../shared/job/callbacks/owed-callbacks.ts'
import { type FoundRecord, noteOwing, readRecord } from '../../shared/job/record-store.ts'
import { hasLog, keepLog } from '../../shared/kubernetes/keep-log.ts'
import { countingPod } from '../../shared/kubernetes/workload.ts'
import { markerKey } from '../../shared/store/bucket-layout.ts'
import { headObject, removeObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { abortNotedUploads } from '../../shared/store/unfinished-uploads.ts'
import { awaitReport } from './await-report.ts'
import { payCallbacks } from './callbacks/pay-callbacks.ts'
import { soonDue, untilDue } from './callbacks/until-due.ts'
import { type Deps, findJob, type Found, settleJob } from './settle-job.ts'
import { isFinished, mayLoseLog } from './what-is-left.ts'

/** A job as the code that starts its follow-up has just seen it. */
export interface SeenJob {
  /** The record with its new state. It may still be on the way to the store, and not come to be written. */
  settled: FoundRecord | Promise<FoundRecord | undefined>
  found: Found
  /** Whether nothing has seen an end of the job before, so that there is probably no stored log. */
  isFirst?: boolean
}

/** What a follow-up leaves: a callback that is owed, nothing and no marker, or work for a later event or ping. */
type Outcome = 'owing' | 'done' | 'left'

/**
 * Does the work that remains when the record has its new state: keeps the log, aborts unfinished multipart uploads,
 * makes the due callbacks, and at last removes the marker. No answer to an event waits for it, because the Broker and
 * the source wait for that answer. If the process stops in between, the next ping repeats the work. For a job that
 * `isWrappedUp`, only callbacks remain. `inTurn` limits the work besides the callbacks, which have their own limit.
 */
export async function followUp (
  deps: Deps,
  id: string,
  isWrappedUp: boolean,
  inTurn: ReturnType<typeof atMost>,
  seen?: SeenJob
): Promise<Outcome> {
  const known = seen?.settled ?? await inTurn(async () => await readRecord(deps.store, id))
  if (known === undefined) return 'left'
  // In parallel: the log may be deleted with its pod while a slow receiver answers, and no receiver must wait for a
  // log.
  const [wrapped, paid] = await Promise.allSettled([
    isWrappedUp ? known : inTurn(async () => await wrapUp(deps, id, known, seen)),
    payWhenSettled(deps, known)
  ])
  if (wrapped.status === 'rejected') throw wrapped.reason
  if (paid.status === 'rejected') throw paid.reason
  if (paid.value === undefined) return 'left'
  if (wrapped.value === undefined) return isOwing(paid.value.record) ? 'owing' : 'left'
  // `wrapUp` may have found the end of the job, which adds new callbacks.
  const last = await payCallbacks(deps, newer(wrapped.value, paid.value))
  if (last === undefined) return 'left'
  if (isOwing(last.record)) {
    if (!isWrappedUp) await noteOwing(deps.store, id)
    return 'owing'
  }
  return await removeMarker(deps.store, last.record)
}

async function payWhenSettled (deps: Deps, settled: SeenJob['settled']): Promise<FoundRecord | undefined> {
  const known = await settled
  return known && await payCallbacks(deps, known)
}

function newer (one: FoundRecord, other: FoundRecord): FoundRecord {
  return one.record.revision > other.record.revision ? one : other
}

/**
 * Removes the marker of a job of which nothing is left. A client may have requested a redelivery before. Then the job
 * gets its marker again. A job without a receiver can never owe anything.
 */
async function removeMarker (store: Store, { job_uuid: id, targets }: JobRecord): Promise<'owing' | 'done'> {
  await removeObject(store, markerKey(id))
  if (targets === undefined) return 'done'
  const after = await readRecord(store, id)
  if (after === undefined || !isOwing(after.record)) return 'done'
  await noteOwing(store, id)
  return 'owing'
}

/**
 * Keeps the log and aborts unfinished uploads, beside the write of the record if the Job tells enough. Returns the
 * record when the job has ended and both are done.
 */
async function wrapUp (
  deps: Deps,
  id: string,
  settled: SeenJob['settled'],
  { found, isFirst = false }: Partial<SeenJob> = {}
): Promise<FoundRecord | undefined> {
  const { store, cluster } = deps
  const { job, pods } = found ?? await findJob(cluster, id)
  const pod = countingPod(pods)
  const isEnding = mayLoseLog(job, pod)
  const keep = async (pod: V1Pod): Promise<boolean> =>
    await keepLog(store, cluster, id, pod, 'to its end', isFirst)
  const [known, isKept] = await Promise.all([
    settled,
    isEnding && pod !== undefined && hasLog(pod) ? keep(pod) : undefined,
    isFinished(job) && abortNotedUploads(store, id)
  ])
  if (known === undefined) return undefined
  const hadEnded = isTerminal(known.record.state)
  if (!hadEnded && !isEnding) return undefined

  const hasRun = known.record.started_at !== undefined
  if (hasRun && pod === undefined) await noteLostLog(store, id)
  // Of a pod whose workload did not run, another container may tell why.
  const isSilent = pod === undefined || (!hasRun && !hasLog(pod))
  const nothingMore = isKept ?? (isSilent || await keep(pod))
  // Following the log takes until the container ends. Then there is an exit code, and the job may have ended.
  const after = hadEnded ? known : await settleAgain(deps, id)
  if (!nothingMore || after === undefined || !isTerminal(after.record.state)) return undefined
  if (!isFinished(job)) await abortNotedUploads(store, id)
  return after
}

async function settleAgain (deps: Deps, id: string): Promise<FoundRecord | undefined> {
  const known = await readRecord(deps.store, id)
  return known && await settleJob(deps, known, await awaitReport(deps.cluster, id))
}

export interface FollowUps {
  /**
   * Starts a follow-up. If one is already running for this job, it runs once more afterwards. `seen` saves the look at
   * the job, if it is not older than this call.
   */
  start(id: string, how?: { isWrappedUp?: boolean, seen?: SeenJob }): void
  /**
   * Whether this process has seen that nothing is left of a job. That stays true for events about its Job: if another
   * callback is requested afterwards, a reminder or a ping makes it.
   */
  isDone(id: string): boolean
  /** Starts the follow-up of a job that has ended, if an earlier one was interrupted: then its marker is there. */
  resume(id: string): Promise<void>
  /** Resolves when no follow-up is running. */
  settled(): Promise<void>
}

/** How many jobs are remembered as done, for the events that come after the end of a job. */
const REMEMBERED = 1000

/** How many jobs are wrapped up at once. Each may hold the end of a log, and follow it until its container ends. */
const AT_ONCE = 64

/** Runs at most one follow-up per job at a time. */
export function followUps (deps: Deps, failed: (id: string, error: Error) => void): FollowUps {
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const waiting = new Map<string, Promise<void>>()
  const done = new Set<string>()
  const inTurn = atMost(AT_ONCE)

  async function run (id: string, isWrappedUp: boolean, seen?: SeenJob): Promise<void> {
    let outcome: Outcome
    do {
      again.delete(id)
      outcome = await followUp(deps, id, isWrappedUp, inTurn, seen).catch((error: Error) => {
        failed(id, error)
        return 'left'
      })
      seen = undefined
    } while (again.has(id))
    running.delete(id)
    if (outcome === 'done') remember(id)
    if (outcome !== 'owing' || waiting.has(id)) return
    waiting.set(id, continueSoon(id).catch((error: Error) => failed(id, error)).finally(() => waiting.delete(id)))
  }

  function remember (id: string): void {
    done.add(id)
    const [oldest] = done
    if (done.size > REMEMBERED) done.delete(oldest!)
  }

  /**
   * Makes sure that a callback that is due in seconds does not wait for a ping. A process that has no request may be
   * ended, so a request to this function waits in its place (untilDue). Without a Broker, this process waits.
   */
  async function continueSoon (id: string): Promise<void> {
    const { remind, stopping } = deps.outbox
    const isSoon = !stopping.aborted && await soonDue(deps.store, id) !== undefined
    if (isSoon && !await remind(id) && await untilDue(deps.store, id, stopping)) start(id)
  }

  function start (id: string, { isWrappedUp = false, seen }: Parameters<FollowUps['start']>[1] = {}): void {
    if (running.has(id)) again.add(id)
    else running.set(id, run(id, isWrappedUp, seen))
  }

  return {
    start,
    isDone: (id) => done.has(id),
    async resume (id) {
      if (await headObject(deps.store, markerKey(id)) === undefined) remember(id)
      else start(id)
    },
    async settled () {
      await Promise.all(running.values())
      await Promise.all(waiting.values())
    }
  }
}
