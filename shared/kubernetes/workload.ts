import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { type Cluster, genuine, JOB_LABEL, kubernetesUnavailable } from './cluster.ts'

/** The pods that a job has just now: at most one that runs, and those of earlier attempts. */
export async function podsOf ({ core, namespace }: Cluster, id: string): Promise<V1Pod[]> {
  try {
    return genuine(await core.listNamespacedPod({ namespace, labelSelector: `${JOB_LABEL}=${id}` })).items
  } catch (error) {
    throw kubernetesUnavailable(error)
  }
}

/** The pod whose results count: the one that succeeded, else the last one. */
export function countingPod (pods: V1Pod[]): V1Pod | undefined {
  const byAge = pods.toSorted((a, b) => Number(a.metadata?.creationTimestamp) - Number(b.metadata?.creationTimestamp))
  return byAge.findLast(({ status }) => status?.phase === 'Succeeded') ?? byAge.at(-1)
}

/** The container that the template is about: the first one. */
export function workloadStatus (pod: V1Pod): V1ContainerStatus | undefined {
  const name = pod.spec?.containers[0]?.name
  return pod.status?.containerStatuses?.find((status) => status.name === name)
}
