import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { type Cluster, genuine, JOB_LABEL, kubernetesUnavailable } from './cluster.ts'

/** The current pods of a job: at most one running pod, and the pods of earlier attempts. */
export async function podsOf ({ core, namespace }: Cluster, id: string): Promise<V1Pod[]> {
  try {
    return genuine(await core.listNamespacedPod({ namespace, labelSelector: `${JOB_LABEL}=${id}` })).items
  } catch (error) {
    throw kubernetesUnavailable(error)
  }
}

/** The pod whose results count: the one that succeeded, otherwise the newest one. */
export function countingPod (pods: V1Pod[]): V1Pod | undefined {
  const byAge = pods.toSorted((a, b) => Number(a.metadata?.creationTimestamp) - Number(b.metadata?.creationTimestamp))
  return byAge.findLast(({ status }) => status?.phase === 'Succeeded') ?? byAge.at(-1)
}

/** The status of the workload, which is the first container of the pod. */
export function workloadStatus (pod: V1Pod): V1ContainerStatus | undefined {
  const name = pod.spec?.containers[0]?.name
  return pod.status?.containerStatuses?.find((status) => status.name === name)
}
