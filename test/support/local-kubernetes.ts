import {
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  type V1Container,
  type V1Job,
  type V1JobSpec,
  type V1Pod,
  type V1PodSpec,
  Watch
} from '@kubernetes/client-node'
import { dirname } from 'node:path'
import type { Test } from 'tap'
import { startKubernetes } from '../../knative/local/kubernetes/server.ts'
import { poll } from './poll.ts'

export const namespace = 'gx4ki-jobs'

/** Starts a stand-in for Kubernetes for one test, and makes clients for it. */
export async function testKubernetes (t: Test) {
  const dir = t.testdir({})
  const local = await startKubernetes({ dir, path: `${dirname(process.execPath)}:/usr/bin:/bin` })
  t.teardown(() => local.stop())
  const config = new KubeConfig()
  config.loadFromFile(local.kubeconfig)
  return { ...local, dir, config, batch: config.makeApiClient(BatchV1Api), core: config.makeApiClient(CoreV1Api) }
}

export type Kubernetes = Awaited<ReturnType<typeof testKubernetes>>

export const shell = (name: string, script: string, more: Partial<V1Container> = {}): V1Container => ({
  name,
  image: 'none',
  command: ['sh', '-c', script],
  ...more
})

export const jobOf = (
  name: string,
  containers: V1Container[],
  spec: Partial<V1JobSpec> = {},
  podSpec: Partial<V1PodSpec> = {}
): V1Job => ({
  metadata: { name },
  spec: {
    backoffLimit: 0,
    ...spec,
    template: { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 2, containers, ...podSpec } }
  }
})

export interface WatchEvent {
  type: string
  object: any
}

/**
 * Watches one kind of object from a resource version on. Events are added to the returned array as they arrive, until
 * the test ends.
 */
export async function watchAll (
  t: Test,
  { config }: Kubernetes,
  resource: string,
  query: Record<string, string | boolean | number> = {}
): Promise<WatchEvent[]> {
  const events: WatchEvent[] = []
  const group = resource === 'jobs' ? '/apis/batch/v1' : '/api/v1'
  const controller = await new Watch(config).watch(
    `${group}/namespaces/${namespace}/${resource}`,
    query,
    (type, object) => events.push({ type, object }),
    () => {}
  )
  t.teardown(() => controller.abort())
  return events
}

/** Waits until a Job has a pod for which `wanted` returns a truthy value. Returns the pod. */
export async function podOf (
  { core }: Kubernetes,
  job: string,
  wanted: (pod: V1Pod) => unknown = () => true
): Promise<V1Pod> {
  return await poll(
    `the pod of ${job}`,
    async () => (await core.listNamespacedPod({ namespace, labelSelector: `job-name=${job}` })).items.find(wanted)
  )
}

export const hasEnded = ({ status }: V1Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

export async function logOf ({ core }: Kubernetes, pod: V1Pod, container: string): Promise<string> {
  return await core.readNamespacedPodLog({ namespace, name: pod.metadata!.name!, container })
}

/** Sends a request without the client library. Returns the status code and the body. */
export async function request (
  { url, config }: Kubernetes,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {}
): Promise<{ code: number, body: any }> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${config.getCurrentUser()?.token}`, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
  })
  return { code: response.status, body: await response.json() }
}

export const jobsPath = `/apis/batch/v1/namespaces/${namespace}/jobs`

export const mergePatch = { 'content-type': 'application/merge-patch+json' }
