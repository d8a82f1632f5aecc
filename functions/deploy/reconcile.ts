import { createdAt } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { transferOf } from '../../shared/job/transfer-of.ts'
import { type Cluster, objectName, orAbsent } from '../../shared/kubernetes/cluster.ts'
import { jobOfKey, MARKER_PREFIX } from '../../shared/store/bucket-layout.ts'
import { listAll, removeObject } from '../../shared/store/object-store.ts'
import { pingRepairs } from '../../shared/telemetry/metrics.ts'
import type { ConnectorDeps } from './connector/connector-deps.ts'
import { startTransfer } from './connector/start-transfer.ts'
import type { Watched } from './connector/watch-transfers.ts'
import { type Deps, startJob } from './start/start-job.ts'
import { finishStop, stopJob } from './keep/stop-job.ts'

/** After this a marker without a record is no deploy in progress any more. */
const ABANDONED_MS = 5 * 60_000

export type Repair = 'started' | 'stop repeated' | 'start deadline exceeded' | 'marker removed'

/**
 * What deploy makes good on a ping, job by job: what it had accepted and not started, stops that did not reach
 * Kubernetes, and jobs that cannot start (Kubernetes itself never gives up on a bad image). One job that cannot be
 * repaired does not keep the others from it. Answers the transfers among the open jobs.
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
      if (transfer !== undefined) transfers.push({ id, transfer })
      const repair = found === undefined ? await removeAbandoned(deps, id, key) : await repairJob(deps, found.record)
      if (repair === undefined) continue
      pingRepairs.inc({ repair })
      report(id, repair)
    } catch (error) {
      report(id, error as Error)
    }
  }
  return transfers
}

async function removeAbandoned ({ store }: Deps, id: string, marker: string): Promise<Repair | undefined> {
  if (Date.now() - createdAt(id).getTime() < ABANDONED_MS) return undefined
  await removeObject(store, marker)
  return 'marker removed'
}

async function repairJob (deps: ConnectorDeps, record: JobRecord): Promise<Repair | undefined> {
  const id = record.job_uuid
  if (isTerminal(record.state)) return undefined
  if (record.stop !== undefined) {
    await finishStop(deps, record)
    return 'stop repeated'
  }
  if (record.state !== 'running' && await isOverdue(deps.cluster, record)) {
    const stopped = await stopJob(deps, id, 'StartDeadlineExceeded', ({ state }) => state !== 'running')
    return stopped?.stop?.reason === 'StartDeadlineExceeded' ? 'start deadline exceeded' : undefined
  }
  if (record.job_uid !== undefined) return undefined
  const started = transferOf(record) === undefined ? await startJob(deps, record) : await startTransfer(deps, record)
  return started.job_uid === undefined ? undefined : 'started'
}

/**
 * Whether a job should have started by now. To be suspended is to wait for its turn in a queue; when that ends its time
 * begins anew.
 */
async function isOverdue (
  { batch, namespace }: Cluster,
  { job_uuid: id, created_at: createdAt, start_by: startBy }: JobRecord
): Promise<boolean> {
  const until = new Date(startBy).getTime()
  if (Date.now() < until) return false
  const job = await orAbsent(batch.readNamespacedJob({ namespace, name: objectName(id) }))
  const suspended = job?.status?.conditions?.find(({ type }) => type === 'Suspended')
  // The condition follows the spec, a moment later.
  if (job?.spec?.suspend || suspended?.status === 'True') return false
  const resumed = suspended?.lastTransitionTime
  return resumed === undefined || Date.now() >= resumed.getTime() + until - new Date(createdAt).getTime()
}
