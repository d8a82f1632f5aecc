import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { apiServerAt } from '../../shared/kubernetes/api-server.ts'
import { type Cluster, clusterWith } from '../../shared/kubernetes/cluster.ts'

/** Writes a kubeconfig for the server at this address. Returns its path. */
export function kubeconfigFor (t: Test, server: string, token = 'a hidden token'): string {
  const dir = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'kubeconfig')
  writeFileSync(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'test', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test'
    })
  )
  return path
}

/** A connection to this server, as the functions have theirs. */
export function clusterAt (_: Test, server: string, token = 'a hidden token'): Cluster {
  return clusterWith(apiServerAt(server, {}, async () => ({ authorization: `Bearer ${token}` })), 'gx4ki-jobs')
}
