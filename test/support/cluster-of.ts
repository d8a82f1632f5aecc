import { BatchV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { apiServerAt } from '../../shared/kubernetes/api-server.ts'
import { type Cluster, managedSelector } from '../../shared/kubernetes/cluster.ts'

/** A connection with all calls of client-node, more than the functions have, and the API server as they have it. */
export function clientOf (kubeconfig: string): Cluster & { config: KubeConfig, batch: BatchV1Api, core: CoreV1Api } {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const { server } = config.getCurrentCluster()!
  const { token } = config.getCurrentUser()!
  return {
    config,
    api: apiServerAt(server, { rejectUnauthorized: false }, async () => ({ authorization: `Bearer ${token}` })),
    batch: config.makeApiClient(BatchV1Api),
    core: config.makeApiClient(CoreV1Api),
    namespace: 'gx4ki-jobs'
  }
}

/** Reads the objects of all jobs directly from Kubernetes, not through the functions. */
export function clusterOf ({ kubeconfig }: { kubeconfig: string }) {
  const cluster = clientOf(kubeconfig)
  const query = { namespace: cluster.namespace, labelSelector: managedSelector }
  return {
    ...cluster,
    jobs: async () => (await cluster.batch.listNamespacedJob(query)).items,
    pods: async () => (await cluster.core.listNamespacedPod(query)).items,
    configMaps: async () => (await cluster.core.listNamespacedConfigMap(query)).items,
    secrets: async () => (await cluster.core.listNamespacedSecret(query)).items
  }
}
