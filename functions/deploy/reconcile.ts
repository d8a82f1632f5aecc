import { hastened } from '../../shared/job/hastened.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { type FoundRecord, readRecord } from '../../shared/job/record-store.ts'
import { transferOf } from '../../shared/job/transfer-of.ts'
import { type Cluster, objectName, orAbsent } from '../../shared/kubernetes/cluster.ts'
import { countingPod, podsOf, runningInit } from '../../shared/kubernetes/workload.ts'
import { jobOfKey, MARKER_PREFIX } from '../../shared/store/bucket-layout.ts'
import { headObject, listAll, removeObject } from '../../shared/store/object-store.ts'
import { pingRepairs } from '../../shared/telemetry/metrics.ts'
import type { ConnectorDeps } from './connector/connector-deps.ts'
import { startTransfer } from './connector/start-transfer.ts'
import type { Watched } from './connector/watch-transfers.ts'
import { deleteJob } from './start/delete-job.ts'
import { releaseClaim } from './start/job-claim.ts'
import { ABANDONED_MS } from './start/open-jobs.ts'
import { type Deps, isGivenUp, startJob } from './start/start-job.ts'
import { startLater } from './start/start-later.ts'
import { finishStop, stopJob } from './keep/stop-job.ts'

export type Repair = 'started' | 'refused' | 'stop repeated' | 'start deadline exceeded' | 'marker removed'

/**
 * Repairs jobs on a ping: starts accepted jobs that have no Job, or ends them if Kubernetes refuses that, repeats stops
 * that did not reach Kubernetes, and stops jobs that do not start in time (Kubernetes never gives up on a bad image). A
 * failed repair of one job does not affect the others. Returns the transfers of the open jobs.
 */
export async function reconcile (
  deps: ConnectorDeps,
  report: (id: string, outcome: Repair | Error) => void
): Promise<Watched[]> {
  const transfers: Watched[] = []
  for await (const { key } of listAll(deps.store, MARKER_PREFIX, { tags: false })) {
    const id = jobOfKey(key)
    try {
      const found = await readRecord(deps.store, id)
      const transfer = found && transferOf(found.record)
      if (transfer !== undefined) {
        transfers.push({ id, transfer, isWaiting: hastened(found!.record, new Date()) !== undefined })
      }
      const repair = found === undefined ? await removeAbandoned(deps, id, key) : await repairJob(deps, found)
      if (repair === undefined) continue
      pingRepairs.inc({ repair })
      report(id, repair)
    } catch (error) {
      report(id, error as Error)
    }
  }
  return transfers
}

/**
 * Removes a marker without a record. The process that wrote it may have made a Job too, but no Secret: no pod of that
 * Job has run. The age is that of the marker, because a repeated request with an idempotency key writes it again.
 */
async function removeAbandoned ({ store, cluster }: Deps, id: string, marker: string): Promise<Repair | undefined> {
  const head = await headObject(store, marker)
  if (head === undefined || Date.now() - new Date(head.lastModified).getTime() < ABANDONED_MS) return undefined
  await deleteJob(cluster, id)
  await removeObject(store, marker)
  return 'marker removed'
}

async function repairJob (deps: ConnectorDeps, found: FoundRecord): Promise<Repair | undefined> {
  const { record } = found
  const id = record.job_uuid
  // The process that gave the job up may have crashed before it freed the key.
  if (isGivenUp(record)) await releaseClaim(deps.store, record.idempotency, id)
  if (isTerminal(record.state)) return undefined
  if (record.stop !== undefined) {
    await finishStop(deps, record)
    return 'stop repeated'
  }
  if (record.state !== 'running' && await isOverdue(deps.cluster, record)) {
    const pod = countingPod(await podsOf(deps.cluster, id))
    const init = pod && runningInit(pod)
    const stopped = await stopJob(deps, id, 'StartDeadlineExceeded', ({ state }) => state !== 'running', init)
    return stopped?.stop?.reason === 'StartDeadlineExceeded' ? 'start deadline exceeded' : undefined
  }
  if (record.job_uid !== undefined) return undefined
  const started = transferOf(record) === undefined
    ? await startLater(deps, record, async () => await startJob(deps, record, found))
    : await startTransfer(deps, found)
  if (started.reason === 'RejectedByKubernetes' || started.reason === 'InvalidAsset') return 'refused'
  return started.job_uid === undefined ? undefined : 'started'
}

/**
 * Whether the start deadline of a job has passed. A suspended Job waits in a queue, so its deadline is not checked.
 * When the Job is resumed, the time to start begins again.
 */
async function isOverdue (
  { batch, namespace }: Cluster,
  { job_uuid: id, created_at: createdAt, start_by: startBy }: JobRecord
): Promise<boolean> {
  const until = new Date(startBy).getTime()
  if (Date.now() < until) return false
  const job = await orAbsent(batch.readNamespacedJob({ namespace, name: objectName(id) }))
  const suspended = job?.status?.conditions?.find(({ type }) => type === 'Suspended')
  // Kubernetes updates the condition a moment after the spec.
  if (job?.spec?.suspend || suspended?.status === 'True') return false
  const resumed = suspended?.lastTransitionTime
  return resumed === undefined || Date.now() >= resumed.getTime() + until - new Date(createdAt).getTime()
}
