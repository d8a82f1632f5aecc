import { join } from 'node:path'
import type { Test } from 'tap'
import { type Cluster, connectCluster } from '../../shared/kubernetes.ts'

/** A connection as the functions have it to an API server at this address, or to whatever answers there. */
export function clusterAt (t: Test, server: string): Cluster {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: { token: 'a hidden token' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test'
  }
  const dir = t.testdir({ kubeconfig: JSON.stringify(config) })
  return connectCluster({ KUBECONFIG: join(dir, 'kubeconfig'), JOBS_NAMESPACE: 'gx4ki-jobs' })
}
