import { BatchV1Api, CoreV1Api, KubeConfig, type KubernetesObject } from '@kubernetes/client-node'
import { Type, type Static, type TObject } from 'typebox'
import { Agent, type Dispatcher } from 'undici'
import { problem } from '../http/problem.ts'
import { observeCalls } from './observe-calls.ts'

export const kubernetesSettings = {
  KUBECONFIG: Type.Optional(
    Type.String({ description: 'Path of a kubeconfig; without it the ServiceAccount of the pod is used' })
  ),
  JOBS_NAMESPACE: Type.String({ default: 'gx4ki-jobs' })
}

/** The connection to the API server, and the namespace of the jobs. */
export interface Cluster {
  config: KubeConfig
  batch: BatchV1Api
  core: CoreV1Api
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

export function connectCluster (settings: Static<TObject<typeof kubernetesSettings>>): Cluster {
  const config = new KubeConfig()
  if (settings.KUBECONFIG) config.loadFromFile(settings.KUBECONFIG)
  else config.loadFromCluster()
  keepConnections(config)
  return {
    config,
    batch: config.makeApiClient(BatchV1Api),
    core: config.makeApiClient(CoreV1Api),
    namespace: settings.JOBS_NAMESPACE
  }
}

/**
 * Uses one undici Agent for all calls. client-node 2.0.1 makes an Agent, and so a new connection, for every call; one
 * Agent halves the CPU time. This Agent also has timeouts, which client-node does not set, and observes every call.
 */
function keepConnections (config: KubeConfig): void {
  const cluster = config.getCurrentCluster()
  if (cluster?.proxyUrl) return
  let agent: Dispatcher | undefined
  Object.assign(config, {
    createDispatcher: (...args: Parameters<KubeConfig['createDispatcherOptions']>) => {
      const { connect } = config.createDispatcherOptions(...args) as { connect?: object }
      return (agent ??= new Agent({
        connect: { ...connect, timeout: 5_000 },
        headersTimeout: 15_000,
        bodyTimeout: 60_000
      }).compose(observeCalls))
    }
  })
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
 * Returns the answer if it is a Kubernetes object, otherwise throws. When a proxy answers with 200 and a page,
 * client-node makes an object without fields from it.
 */
export function genuine<T extends KubernetesObject> (answer: T): T {
  if (answer?.kind === undefined) throw new Error('the answer is not that of a Kubernetes API server')
  return answer
}

export function kubernetesUnavailable (cause: unknown): Error {
  return problem('kubernetes-unavailable', 'Kubernetes cannot be reached, or answers with an error', { cause })
}
