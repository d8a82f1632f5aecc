import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { genuine, JOB_LABEL, kubernetesUnavailable, managedSelector } from '../../shared/kubernetes/cluster.ts'
import { jobOfKey, MARKER_PREFIX } from '../../shared/store/bucket-layout.ts'
import { listAll } from '../../shared/store/object-store.ts'
import { pingRepairs } from '../../shared/telemetry/metrics.ts'
import { type Deps, settleJob } from './settle-job.ts'

/** A job that is not done with. */
export interface OpenJob {
  id: string /** Only callbacks are left. */
  isWrappedUp: boolean
}

/**
 * What no event told: every job that is not done with is held against the Jobs and pods that there are. Answers the
 * jobs in question; one that cannot be settled does not keep the others from it.
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
      // A reason or an exit code that changes has no event; a state has.
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
