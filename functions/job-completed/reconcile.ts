import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { genuine, JOB_LABEL, kubernetesUnavailable, managedSelector } from '../../shared/kubernetes/cluster.ts'
import { jobOfKey, MARKER_PREFIX } from '../../shared/store/bucket-layout.ts'
import { listAll } from '../../shared/store/object-store.ts'
import { pingRepairs } from '../../shared/telemetry/metrics.ts'
import { type Deps, settleJob } from './settle-job.ts'

/** A job that still has a marker. */
export interface OpenJob {
  id: string
  /** Only callbacks are left. */
  isWrappedUp: boolean
}

/**
 * Compares every job that has a marker with the Jobs and pods in the cluster, to find changes that no event reported.
 * Returns these jobs. If a job cannot be settled, `failed` is called for it and the other jobs are still settled.
 */
export async function reconcile (
  deps: Pick<Deps, 'store' | 'cluster'>,
  failed: (id: string, error: Error) => void
): Promise<OpenJob[]> {
  const { batch, core, namespace } = deps.cluster
  const [jobs, pods] = await Promise.all([
    batch.listNamespacedJob({ namespace, labelSelector: managedSelector }).then(genuine),
    core.listNamespacedPod({ namespace, labelSelector: managedSelector }).then(genuine)
  ]).catch((error) => {
    throw kubernetesUnavailable(error)
  })
  const jobsById = Map.groupBy(jobs.items, idOf)
  const podsById = Map.groupBy(pods.items, idOf)

  const open: OpenJob[] = []
  for await (const { key, size } of listAll(deps.store, MARKER_PREFIX, { tags: false })) {
    const id = jobOfKey(key)
    const isWrappedUp = size > 0
    open.push({ id, isWrappedUp })
    if (isWrappedUp) continue
    try {
      const settled = await settleJob(deps, id, { job: jobsById.get(id)?.[0], pods: podsById.get(id) ?? [] })
      // A change of state should have caused an event. A change of only the reason or the exit code has no event.
      if (settled?.changed === 'state') pingRepairs.inc({ repair: 'state' })
    } catch (error) {
      failed(id, error as Error)
    }
  }
  return open
}

function idOf ({ metadata }: V1Job | V1Pod): string | undefined {
  return metadata?.labels?.[JOB_LABEL]
}
