import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { advance } from '../../shared/job/advance.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { advanceRecord, readRecord } from '../../shared/job/record-store.ts'
import { type Cluster, objectName, orAbsent } from '../../shared/kubernetes/cluster.ts'
import { countingPod, podsOf } from '../../shared/kubernetes/workload.ts'
import { hasManifest } from '../../shared/results/manifest.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { condition, judge } from './judge.ts'
import type { Outbox } from './callbacks/pay-callbacks.ts'

export interface Deps {
  store: Store
  cluster: Cluster
  outbox: Outbox
}

/** A record as it is now, and what was changed of it to make it so. */
export interface Settled {
  record: JobRecord
  changed: 'nothing' | 'facts' | 'state'
}

/** What Kubernetes has of one job. */
export interface Found {
  job: V1Job | undefined
  pods: V1Pod[]
}

/** Reads a job's Job and pods from the API server: an event may be late, forged, or about another Job of that name. */
export async function findJob (cluster: Cluster, id: string): Promise<Found> {
  const { batch, namespace } = cluster
  const [job, pods] = await Promise.all([
    orAbsent(batch.readNamespacedJob({ namespace, name: objectName(id) })),
    podsOf(cluster, id)
  ])
  return { job, pods }
}

/**
 * Brings the record of a job in line with what Kubernetes has of it; answers it as it is then, `undefined` when there
 * is none. What was `listed` before may be used where the Job is in it; that a Job is gone is only believed when it is
 * asked for.
 */
export async function settleJob (
  { store, cluster }: Pick<Deps, 'store' | 'cluster'>,
  id: string,
  listed?: Found
): Promise<Settled | undefined> {
  // The record comes first: it names its Job only once there is one, so a Job that is not found after that is gone, not
  // to come.
  const known = await readRecord(store, id)
  if (known === undefined) return undefined
  if (isTerminal(known.record.state)) return { record: known.record, changed: 'nothing' }
  const { job, pods } = listed?.job === undefined ? await findJob(cluster, id) : listed
  const attempt = countingPod(pods)?.metadata?.uid ?? known.record.attempt
  const isComplete = job !== undefined && condition(job, 'Complete') !== undefined
  const resultsComplete = isComplete && attempt !== undefined && await hasManifest(store, id, attempt)
  const now = new Date()
  let changed: Settled['changed'] = 'nothing'
  const record = await advanceRecord(store, id, (record) => {
    const isNewer = job === undefined && record.job_uid !== known.record.job_uid
    const next = isNewer ? undefined : advance(record, judge(record, { job, pods, resultsComplete }, now), now)
    changed = next === undefined ? 'nothing' : next.state === record.state ? 'facts' : 'state'
    return next
  })
  return record && { record, changed }
}
