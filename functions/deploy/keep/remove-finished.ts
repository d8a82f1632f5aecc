import type { V1Job } from '@kubernetes/client-node'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import {
  type Cluster,
  genuine,
  JOB_LABEL,
  kubernetesUnavailable,
  managedSelector,
  objectName
} from '../../../shared/kubernetes/cluster.ts'
import { condition } from '../../../shared/kubernetes/condition.ts'
import { markerKey } from '../../../shared/store/bucket-layout.ts'
import { headObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

interface Place {
  store: Store
  cluster: Cluster
}

/** How many Jobs one call removes: enough for many requests, and few enough for one of them to wait for. */
const MOST = 20
const PAGE = 500

/**
 * Deletes Jobs that have ended and of which everything is kept: the end is in the record, the log in the store. What
 * is left of such a Job is only for `kubectl`. Returns how many were deleted.
 */
export async function removeFinished ({ store, cluster }: Place): Promise<number> {
  let removed = 0
  for await (const { metadata } of finishedJobs(cluster)) {
    const id = metadata!.labels![JOB_LABEL]!
    if (!await isWrappedUp(store, id, metadata!.uid!)) continue
    if (await remove(cluster, metadata!.name!, metadata!.uid!)) removed++
    if (removed === MOST) break
  }
  return removed
}

async function * finishedJobs ({ batch, namespace }: Cluster): AsyncGenerator<V1Job> {
  let next: string | undefined
  do {
    const page = await batch.listNamespacedJob({
      namespace,
      labelSelector: managedSelector,
      limit: PAGE,
      ...(next !== undefined && { _continue: next })
    }).then(genuine, (cause: unknown) => {
      throw kubernetesUnavailable(cause)
    })
    yield * page.items.filter(isFinished)
    next = page.metadata?._continue || undefined
  } while (next !== undefined)
}

function isFinished (job: V1Job): boolean {
  const { metadata } = job
  const id = metadata?.labels?.[JOB_LABEL]
  return id !== undefined && metadata?.name === objectName(id) && metadata.deletionTimestamp === undefined &&
    (condition(job, 'Complete') ?? condition(job, 'Failed')) !== undefined
}

/** A job without a marker, or whose marker says that only callbacks are left, needs its Job no longer. */
async function isWrappedUp (store: Store, id: string, uid: string): Promise<boolean> {
  const marker = await headObject(store, markerKey(id))
  if (marker !== undefined && marker.size === 0) return false
  const found = await readRecord(store, id)
  return found !== undefined && isTerminal(found.record.state) && found.record.job_uid === uid
}

/** `false` when another request has deleted it, or when it cannot be deleted and stays until its time is over. */
async function remove ({ batch, namespace }: Cluster, name: string, uid: string): Promise<boolean> {
  return await batch
    .deleteNamespacedJob({ namespace, name, propagationPolicy: 'Background', body: { preconditions: { uid } } })
    .then(() => true, () => false)
}
