import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { advance } from '../../shared/job/advance.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { advanceFound, type FoundRecord } from '../../shared/job/record-store.ts'
import { transferOf, withTransfer } from '../../shared/job/transfers/transfer-of.ts'
import { type Cluster, genuine, kubernetesUnavailable, objectName, statusOf } from '../../shared/kubernetes/cluster.ts'
import { statusMessage } from '../../shared/kubernetes/status-message.ts'
import { countingPod, podsOf } from '../../shared/kubernetes/workload.ts'
import { countResults, findResult } from '../../shared/results/results.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { hasEnded, judge } from './judge.ts'
import type { Outbox } from './callbacks/pay-callbacks.ts'

export interface Deps {
  store: Store
  cluster: Cluster
  outbox: Outbox
}

/** The current record of a job, and what settling the job has changed in it. */
export interface Settled extends FoundRecord {
  changed: 'nothing' | 'facts' | 'state'
}

/** The Kubernetes objects of one job. */
export interface Found {
  job: V1Job | undefined
  pods: V1Pod[]
  /** What the API server says of a Job that is not there. */
  absence?: string | undefined
}

/**
 * Reads the Job and the pods of a job from the API server. An event is not enough: it may be late, forged, or about
 * another Job with the same name.
 */
export async function findJob (cluster: Cluster, id: string): Promise<Found> {
  const [found, pods] = await Promise.all([readJob(cluster, id), podsOf(cluster, id)])
  return { ...found, pods }
}

async function readJob ({ batch, namespace }: Cluster, id: string): Promise<Omit<Found, 'pods'>> {
  try {
    return { job: genuine(await batch.readNamespacedJob({ namespace, name: objectName(id) })) }
  } catch (error) {
    if (statusOf(error) === 404) return { job: undefined, absence: statusMessage(error) }
    throw kubernetesUnavailable(error)
  }
}

/**
 * Updates the record of a job from its Kubernetes objects. Returns the updated record, or `undefined` when there is
 * none any more.
 */
export async function settleJob (
  { store }: Pick<Deps, 'store'>,
  // Read before the Job. The record names its Job only after the Job was created, so a Job that is then not found was
  // deleted.
  known: FoundRecord,
  { job, pods, absence }: Found
): Promise<Settled | undefined> {
  const { job_uuid: id, state } = known.record
  if (isTerminal(state)) return { ...known, changed: 'nothing' }
  const attempt = countingPod(pods)?.metadata?.uid ?? known.record.attempt
  const results = attempt !== undefined && hasEnded(known.record, job)
    ? await countResults(store, id, attempt)
    : undefined
  const isMissing = results?.complete && attempt !== undefined && await missesResult(store, known.record, attempt)
  const now = new Date()
  let changed: Settled['changed'] = 'nothing'
  const settled = await advanceFound(store, id, (record) => {
    const isNewer = job === undefined && record.job_uid !== known.record.job_uid
    const change = isNewer ? {} : judge(record, { job, pods, results, absence }, now)
    // In the same write as the state: the calls that the connector is owed depend on it.
    const before = isMissing && change.state === 'succeeded' ? withTransfer(record, { result_missing: true }) : record
    const next = advance(before, change, now)
    changed = next === undefined ? 'nothing' : next.state === record.state ? 'facts' : 'state'
    return next
  }, known)
  return settled && { ...settled, changed }
}

/** Whether the transfer of a job names a result file that the job has not made. */
async function missesResult (store: Store, record: JobRecord, attempt: string): Promise<boolean> {
  const { result } = transferOf(record) ?? {}
  return typeof result === 'object' && await findResult(store, { ...record, attempt }, result.file) === undefined
}
