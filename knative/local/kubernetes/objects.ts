import type {
  V1ConfigMap,
  V1Job,
  V1JobSpec,
  V1JobStatus,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
  V1PodStatus,
  V1Secret
} from '@kubernetes/client-node'

/** The types of the client as they are on the wire, where a time is a string. */
export type Wire<T> = T extends Date ? string : T extends object ? { [K in keyof T]: Wire<T[K]> } : T

type Metadata = Wire<V1ObjectMeta> & { name: string, namespace: string, uid: string }

export type Job = Wire<V1Job> & { metadata: Metadata, spec: Wire<V1JobSpec>, status: Wire<V1JobStatus> }
export type Pod = Wire<V1Pod> & { metadata: Metadata, spec: Wire<V1PodSpec>, status: Wire<V1PodStatus> }
export type ConfigMap = Wire<V1ConfigMap> & { metadata: Metadata }
export type Secret = Wire<V1Secret> & { metadata: Metadata }

export interface Objects {
  jobs: Job
  pods: Pod
  configmaps: ConfigMap
  secrets: Secret
}
export type Resource = keyof Objects

export const resources: { [R in Resource]: { apiVersion: string, kind: string, group?: string } } = {
  jobs: { apiVersion: 'batch/v1', kind: 'Job', group: 'batch' },
  pods: { apiVersion: 'v1', kind: 'Pod' },
  configmaps: { apiVersion: 'v1', kind: 'ConfigMap' },
  secrets: { apiVersion: 'v1', kind: 'Secret' }
}

/** A time as the API server writes it, truncated to whole seconds. */
export const timestamp = (ms = Date.now()): string => new Date(ms).toISOString().replace(/\.\d+/, '')

/** Whether all processes of a pod have ended. */
export const hasEnded = ({ status: { phase } }: Pod): boolean => phase === 'Succeeded' || phase === 'Failed'
