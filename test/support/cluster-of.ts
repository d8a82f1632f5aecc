import { connectCluster, managedSelector } from '../../shared/kubernetes/cluster.ts'

/** Reads the objects of all jobs directly from Kubernetes, not through the functions. */
export function clusterOf ({ kubeconfig }: { kubeconfig: string }) {
  const cluster = connectCluster({ KUBECONFIG: kubeconfig, JOBS_NAMESPACE: 'gx4ki-jobs' })
  const query = { namespace: cluster.namespace, labelSelector: managedSelector }
  return {
    ...cluster,
    jobs: async () => (await cluster.batch.listNamespacedJob(query)).items,
    pods: async () => (await cluster.core.listNamespacedPod(query)).items,
    configMaps: async () => (await cluster.core.listNamespacedConfigMap(query)).items,
    secrets: async () => (await cluster.core.listNamespacedSecret(query)).items
  }
}
