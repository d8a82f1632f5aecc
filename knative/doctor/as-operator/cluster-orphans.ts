import { BatchV1Api, CoreV1Api, type KubeConfig, type V1ObjectMeta } from '@kubernetes/client-node'
import { isJobId } from '../../../shared/job/job-id.ts'
import { JOB_LABEL, managedSelector, statusOf } from '../../../shared/kubernetes/cluster.ts'
import { isOld } from '../is-old.ts'
import { degraded, type Row, works } from '../row.ts'

/** In the order of removal. The Job is first, because its deletion removes the objects that it owns. */
const kinds = ['Job', 'Pod', 'ConfigMap', 'Secret'] as const
export interface ClusterObject {
  kind: typeof kinds[number]
  name: string
  job: string
}

/** All objects of jobs in the cluster that are more than an hour old. */
export async function objectsOfJobs (config: KubeConfig, namespace: string, now: Date): Promise<ClusterObject[]> {
  const [batch, core] = [config.makeApiClient(BatchV1Api), config.makeApiClient(CoreV1Api)]
  const query = { namespace, labelSelector: managedSelector }
  const lists = [
    batch.listNamespacedJob(query),
    core.listNamespacedPod(query),
    core.listNamespacedConfigMap(query),
    core.listNamespacedSecret(query)
  ]
  const found = await Promise.all(lists)
  return found.flatMap(({ items }, at) => items.flatMap(({ metadata }) => settled(kinds[at]!, metadata, now)))
}

export function settled (
  kind: ClusterObject['kind'],
  { name, labels, creationTimestamp, deletionTimestamp }: V1ObjectMeta = {},
  now: Date
): ClusterObject[] {
  const job = labels?.[JOB_LABEL]
  if (name === undefined || job === undefined || !isJobId(job) || deletionTimestamp !== undefined) return []
  return creationTimestamp !== undefined && isOld(creationTimestamp, now) ? [{ kind, name, job }] : []
}

export async function removeObjects (config: KubeConfig, namespace: string, objects: ClusterObject[]): Promise<void> {
  const [batch, core] = [config.makeApiClient(BatchV1Api), config.makeApiClient(CoreV1Api)]
  const remove = {
    Job: (name: string) => batch.deleteNamespacedJob({ namespace, name, propagationPolicy: 'Foreground' }),
    Pod: (name: string) => core.deleteNamespacedPod({ namespace, name }),
    ConfigMap: (name: string) => core.deleteNamespacedConfigMap({ namespace, name }),
    Secret: (name: string) => core.deleteNamespacedSecret({ namespace, name })
  }
  for (const { kind, name } of objects) {
    await remove[kind](name).catch((error: unknown) => {
      // The deletion of its Job has removed it.
      if (statusOf(error) !== 404) throw error
    })
  }
}

export function clusterOrphanRows (
  orphans: ClusterObject[],
  { all, removed }: { all: number, removed: boolean }
): Row[] {
  if (orphans.length === 0) return [works('orphans in Kubernetes', `none among ${all} objects of jobs`)]
  return kinds.map((kind): [string, ClusterObject[]] => [kind, orphans.filter((orphan) => orphan.kind === kind)])
    .filter(([, these]) => these.length > 0).map(([kind, these]) => {
      const seen = `${these.length} of jobs without a record: ${these.slice(0, 3).map(({ name }) => name).join(' ')}${
        these.length > 3 ? ' …' : ''
      }`
      return removed
        ? works(`orphans: ${kind}s`, `removed ${seen}`)
        : degraded(`orphans: ${kind}s`, seen, 'make doctor FIX=1')
    })
}
