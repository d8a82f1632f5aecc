import { jobOfKey, MARKER_PREFIX } from '../../shared/bucket-layout.ts'
import { createdAt } from '../../shared/job-id.ts'
import { isTerminal } from '../../shared/job-record.ts'
import { listAll, removeObject } from '../../shared/object-store.ts'
import { readRecord } from '../../shared/record-store.ts'
import { type Deps, startJob } from './start-job.ts'
import { finishStop, stopJob } from './stop-job.ts'

/** After this a marker without a record is no deploy in progress any more. */
const ABANDONED_MS = 5 * 60_000

export type Repair = 'started' | 'stop repeated' | 'start deadline exceeded' | 'marker removed'

/**
 * What deploy makes good on a ping, job by job: what it had accepted and not started, stops that did not reach Kubernetes, and jobs that
 * cannot start (Kubernetes itself never gives up on a bad image). One job that cannot be repaired does not keep the others from it.
 */
export async function reconcile (deps: Deps, report: (id: string, outcome: Repair | Error) => void): Promise<void> {
  for await (const { key } of listAll(deps.store, MARKER_PREFIX, { tags: false })) {
    const id = jobOfKey(key)
    try {
      const repair = await repairJob(deps, id, key)
      if (repair !== undefined) report(id, repair)
    } catch (error) {
      report(id, error as Error)
    }
  }
}

async function repairJob (deps: Deps, id: string, marker: string): Promise<Repair | undefined> {
  const found = await readRecord(deps.store, id)
  if (found === undefined) {
    if (Date.now() - createdAt(id).getTime() < ABANDONED_MS) return undefined
    await removeObject(deps.store, marker)
    return 'marker removed'
  }
  const { record } = found
  if (isTerminal(record.state)) return undefined
  if (record.stop !== undefined) {
    await finishStop(deps, record)
    return 'stop repeated'
  }
  const isLate = new Date(record.start_by).getTime() < Date.now()
  // Suspended is waiting for its turn in a queue, not failing to start.
  if (isLate && record.state !== 'running' && record.reason !== 'Suspended') {
    await stopJob(deps, id, 'StartDeadlineExceeded')
    return 'start deadline exceeded'
  }
  if (record.job_uid !== undefined) return undefined
  await startJob(deps, record)
  return 'started'
}
