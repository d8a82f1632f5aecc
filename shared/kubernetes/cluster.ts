import type { KubernetesObject } from '@kubernetes/client-node'
import { Type, type Static, type TObject } from 'typebox'
import { problem } from '../http/problem.ts'
import { batchApi, type BatchApi, coreApi, type CoreApi } from './api-client.ts'
import type { ApiServer } from './api-server.ts'
import { connectApiServer } from './connect-api-server.ts'

export const kubernetesSettings = {
  KUBECONFIG: Type.Optional(
    Type.String({ description: 'Path of a kubeconfig; without it the ServiceAccount of the pod is used' })
  ),
  JOBS_NAMESPACE: Type.String({ default: 'gx4ki-jobs' })
}

/** The connection to the API server, and the namespace of the jobs. */
export interface Cluster {
  api: ApiServer
  batch: BatchApi
  core: CoreApi
  namespace: string
}

export const JOB_LABEL = 'gx4ki.job.uuid'
export const TEMPLATE_LABEL = 'gx4ki.job.template'
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'gx4ki-jobs' }
/** Kueue reads the LocalQueue of a Job from this label. Its webhook suspends the Job until the queue admits it. */
export const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name'

export const managedSelector = 'app.kubernetes.io/managed-by=gx4ki-jobs'

/** The name of all objects of a job in Kubernetes: its Job, its ConfigMap and its Secret. */
export const objectName = (id: string): string => `gx4ki-${id}`

export async function connectCluster (settings: Static<TObject<typeof kubernetesSettings>>): Promise<Cluster> {
  return clusterWith(await connectApiServer(settings.KUBECONFIG), settings.JOBS_NAMESPACE)
}

export function clusterWith (api: ApiServer, namespace: string): Cluster {
  return { api, batch: batchApi(api), core: coreApi(api), namespace }
}

/** The status code of the answer to a failed call; `undefined` when there was no answer. */
export function statusOf (error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

/** The answer of a call, or `undefined` for a 404. Throws `kubernetes-unavailable` for every other error. */
export async function orAbsent<T extends KubernetesObject> (call: Promise<T>): Promise<T | undefined> {
  try {
    return genuine(await call)
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw kubernetesUnavailable(error)
  }
}

/**
 * Returns the answer if it is a Kubernetes object, otherwise throws. A proxy may answer with 200 and JSON of
 * its own.
 */
export function genuine<T extends KubernetesObject> (answer: T): T {
  if (answer?.kind === undefined) throw new Error('the answer is not that of a Kubernetes API server')
  return answer
}

export function kubernetesUnavailable (cause: unknown): Error {
  return problem('kubernetes-unavailable', 'Kubernetes cannot be reached, or answers with an error', { cause })
}
