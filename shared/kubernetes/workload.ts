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

/** The annotation of a pod that names the container of its workload. */
export const WORKLOAD_ANNOTATION = 'gx4ki.io/workload'

/**
 * The status of the workload: of the container that the template names first. It is found by its name, because a mesh
 * may put its proxy before it.
 */
export function workloadStatus ({ metadata, spec, status }: V1Pod): V1ContainerStatus | undefined {
  const name = metadata?.annotations?.[WORKLOAD_ANNOTATION] ?? spec?.containers[0]?.name
  return status?.containerStatuses?.find((one) => one.name === name)
}

/**
 * Whether the program of a container could not be started. Such a container "began" in 1970.
 * https://github.com/kubernetes/kubernetes/issues/120331
 */
export function couldNotStart ({ state }: V1ContainerStatus): boolean {
  const { terminated } = state ?? {}
  if (terminated === undefined) return false
  return terminated.reason === 'StartError' || terminated.reason === 'ContainerCannotRun' ||
    terminated.startedAt?.getTime() === 0
}

/** Whether the program of a container has run. */
export function hasStarted (status: V1ContainerStatus): boolean {
  const { running, terminated } = status.state ?? {}
  return running !== undefined || (terminated?.startedAt !== undefined && !couldNotStart(status))
}

/** The init container for which the containers of a pod wait, if it runs. A sidecar counts as started. */
export function runningInit ({ spec, status }: V1Pod): string | undefined {
  const sidecars = sidecarsOf(spec)
  const init = status?.initContainerStatuses ?? []
  return init.find(({ name, state }) => state?.running !== undefined && !sidecars.has(name))?.name
}

function sidecarsOf (spec: V1Pod['spec']): Set<string> {
  const init = spec?.initContainers ?? []
  return new Set(init.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name))
}

/** The container because of which a pod failed, if it is not the workload: the first that ended with an error. */
export function failedContainer (pod: V1Pod): V1ContainerStatus | undefined {
  const { initContainerStatuses: init = [], containerStatuses: containers = [] } = pod.status ?? {}
  const sidecars = sidecarsOf(pod.spec)
  const workload = workloadStatus(pod)
  const failed = [...init.filter(({ name }) => !sidecars.has(name)), ...containers]
    .filter(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)
  return failed.find(({ name }) => name === workload?.name) ?? failed[0]
}
