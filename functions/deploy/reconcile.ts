import { atMost } from '../../shared/flow/at-most.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { type FoundRecord, readRecord } from '../../shared/job/record-store.ts'
import { transferOf } from '../../shared/job/transfers/transfer-of.ts'
import { type Cluster, objectName, orAbsent } from '../../shared/kubernetes/cluster.ts'
import { versionOfAll, versionsOf } from '../../shared/kubernetes/list-by-id.ts'
import { countingPod, podsOf, runningInit } from '../../shared/kubernetes/workload.ts'
import { listOpenJobs, looksOf, type OpenJob } from '../../shared/ping/open-jobs.ts'
import { looksUntil } from '../../shared/ping/looks-until.ts'
import type { PingNote, PingNotes } from '../../shared/ping/ping-notes.ts'
import { markerKey } from '../../shared/store/bucket-layout.ts'
import { headObject, removeObject } from '../../shared/store/object-store.ts'
import { pingRepairs } from '../../shared/telemetry/metrics.ts'
import type { ConnectorDeps } from './connector/connector-deps.ts'
import { startTransfer } from './connector/start-transfer.ts'
import type { Watched } from './connector/watch-transfers.ts'
import { finishStop, stopJob } from './keep/stop-job.ts'
import { deleteJob } from './start/delete-job.ts'
import { releaseClaim } from './start/job-claim.ts'
import { ABANDONED_MS } from './start/open-jobs.ts'
import { type Deps, isGivenUp, startJob } from './start/start-job.ts'
import { startLater } from './start/start-later.ts'

/** How many jobs are looked at at once. */
const AT_ONCE = 16

/** When a job is due that the next ping has to look at. Its note still tells of its transfer. */
const AT_NEXT_PING = 0

/** The reasons of a job that could not be started, and never can be. */
const REFUSED = new Set<JobRecord['reason']>(['RejectedByKubernetes', 'InvalidAsset', 'InvalidDestination'])

export type Repair = 'started' | 'refused' | 'stop repeated' | 'start deadline exceeded' | 'marker removed'

/** What a ping of deploy has found. */
export interface DeployNote extends PingNote {
  /** The version of the Job, if the job waits until something resumes it. */
  job?: string
  /** The connector of the job's transfer, as long as that has not ended. */
  connector?: string
}

/** What the ping leaves open. */
export interface StillOpen {
  /** The jobs of which only callbacks are left. */
  owing: Set<string>
  transfers: Watched[]
}

/**
 * Repairs jobs on a ping: starts accepted jobs that have no Job, or ends them if Kubernetes refuses that, repeats stops
 * that did not reach Kubernetes, and stops jobs that do not start in time (Kubernetes never gives up on a bad image). A
 * failed repair of one job does not affect the others. The notes tell which jobs look as before and have no work due:
 * these are not looked at.
 */
export async function reconcile (
  deps: ConnectorDeps,
  { notes, save }: PingNotes<DeployNote>,
  report: (id: string, outcome: Repair | Error) => void
): Promise<StillOpen> {
  const open = await listOpenJobs(deps.store)
  const inTurn = atMost(AT_ONCE)
  await Promise.all((await changedJobs(deps, open, notes)).map((job) => inTurn(async () => {
    const { id, isFresh } = job
    notes.delete(id)
    try {
      const { repair, note } = await look(deps, job)
      if (note !== undefined) notes.set(id, isFresh ? { ...note, due: AT_NEXT_PING } : note)
      if (repair === undefined) return
      pingRepairs.inc({ repair })
      report(id, repair)
    } catch (error) {
      report(id, error as Error)
    }
  })))
  await save(new Set(open.map(({ id }) => id)))
  const owing = new Set(open.filter(({ isWrappedUp }) => isWrappedUp).map(({ id }) => id))
  const transfers = [...notes].flatMap(([id, { connector }]) => connector === undefined ? [] : [{ id, connector }])
  return { owing, transfers }
}

/** The jobs that the notes do not cover: their time has come, or they do not look like before. */
async function changedJobs (
  { cluster }: Pick<Deps, 'cluster'>,
  open: OpenJob[],
  notes: Map<string, DeployNote>
): Promise<OpenJob[]> {
  const now = Date.now()
  const waiting = open.filter(({ id }) => notes.get(id)?.job !== undefined).map(({ id }) => id)
  const versions = await versionsOf(cluster, waiting, ['jobs'])
  return open.filter(({ id, marker }) => {
    const note = notes.get(id)
    return note === undefined || note.due <= now || note.seen !== looksOf(marker) ||
      (note.job !== undefined && note.job !== versions.get(id))
  })
}

interface Look {
  repair?: Repair | undefined
  /** What to note of the job; `undefined` when there is no record. */
  note?: DeployNote | undefined
}

async function look (deps: ConnectorDeps, { id, marker }: OpenJob): Promise<Look> {
  const found = await readRecord(deps.store, id)
  if (found === undefined) return { repair: await removeAbandoned(deps, id) }
  const { repair, quiet } = await repairJob(deps, found)
  const transfer = transferOf(found.record)
  return {
    repair,
    note: {
      seen: looksOf(marker),
      due: quiet === undefined ? AT_NEXT_PING : looksUntil(quiet.until, new Date()),
      ...(quiet?.job !== undefined && { job: quiet.job }),
      ...(transfer?.ended_at === undefined && transfer !== undefined && { connector: transfer.connector })
    }
  }
}

/**
 * Removes a marker without a record. The process that wrote it may have made a Job too, but no Secret: no pod of that
 * Job has run. The age is that of the marker, because a repeated request with an idempotency key writes it again.
 */
async function removeAbandoned ({ store, cluster }: Deps, id: string): Promise<Repair | undefined> {
  const marker = markerKey(id)
  const head = await headObject(store, marker)
  if (head === undefined || Date.now() - new Date(head.lastModified).getTime() < ABANDONED_MS) return undefined
  await deleteJob(cluster, id)
  await removeObject(store, marker)
  return 'marker removed'
}

/** For how long a job needs no repair: until a time, and as long as the Job has this version. */
interface Quiet {
  until?: Date | undefined
  job?: string | undefined
}

async function repairJob (
  deps: ConnectorDeps,
  found: FoundRecord
): Promise<{ repair?: Repair | undefined, quiet?: Quiet | undefined }> {
  const { record } = found
  const id = record.job_uuid
  // The process that gave the job up may have crashed before it freed the key.
  if (isGivenUp(record)) await releaseClaim(deps.store, record.idempotency, id)
  if (isTerminal(record.state)) return { quiet: {} }
  if (record.stop !== undefined) {
    await finishStop(deps, record)
    return { repair: 'stop repeated' }
  }
  const quiet = record.state === 'running' ? {} : await timeToStart(deps.cluster, record)
  if (quiet === undefined) return { repair: await stopOverdue(deps, id) }
  if (record.job_uid !== undefined) return { quiet }
  const started = transferOf(record) === undefined
    ? await startLater(deps, record, async () => await startJob(deps, record, found))
    : await startTransfer(deps, found)
  if (REFUSED.has(started.reason)) return { repair: 'refused' }
  return { repair: started.job_uid === undefined ? undefined : 'started' }
}

async function stopOverdue (deps: ConnectorDeps, id: string): Promise<Repair | undefined> {
  const pod = countingPod(await podsOf(deps.cluster, id))
  const init = pod && runningInit(pod)
  const stopped = await stopJob(deps, id, 'StartDeadlineExceeded', ({ state }) => state !== 'running', init)
  return stopped?.stop?.reason === 'StartDeadlineExceeded' ? 'start deadline exceeded' : undefined
}

/**
 * For how long a job may still not have started; `undefined` when its start deadline has passed. A suspended Job waits
 * in a queue, so its deadline is not checked. When the Job is resumed, the time to start begins again.
 */
async function timeToStart (
  { batch, namespace }: Cluster,
  { job_uuid: id, created_at: createdAt, start_by: startBy }: JobRecord
): Promise<Quiet | undefined> {
  const until = new Date(startBy)
  if (new Date() < until) return { until }
  const job = await orAbsent(batch.readNamespacedJob({ namespace, name: objectName(id) }))
  const suspended = job?.status?.conditions?.find(({ type }) => type === 'Suspended')
  // Kubernetes updates the condition a moment after the spec.
  if (job !== undefined && (job.spec?.suspend || suspended?.status === 'True')) return { job: versionOfAll([job]) }
  const resumed = suspended?.lastTransitionTime
  if (resumed === undefined) return undefined
  const again = new Date(resumed.getTime() + until.getTime() - new Date(createdAt).getTime())
  return new Date() < again ? { until: again } : undefined
}
