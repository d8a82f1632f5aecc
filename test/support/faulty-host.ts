import { join } from 'node:path'
import type { Test } from 'tap'
import { faultProxy } from './fault-proxy.ts'
import { type Overrides, testHost } from './host.ts'

/**
 * A host where one function reaches the store and Kubernetes through proxies, which can stop it at one exact request.
 */
export async function faultyHost (t: Test, name: string, env: Overrides = {}) {
  const [store, kubernetes] = [await faultProxy(t), await faultProxy(t)]
  const kubeconfig = join(t.testdir({ kubeconfig: kubeconfigOf(kubernetes.url) }), 'kubeconfig')
  const host = await testHost(t, { ...env, [name]: { ...env[name], S3_ENDPOINT: store.url, KUBECONFIG: kubeconfig } })
  store.target = { url: host.store.endpoint }
  kubernetes.target = host.kubernetesAs(name)
  const service = host.service(name)
  return Object.assign(host, {
    proxies: { store, kubernetes },
    /** Kills the function as a crash would, lets all requests pass again, and waits until the next process is ready. */
    async crash (): Promise<void> {
      await service.kill('SIGKILL')
      store.heal()
      kubernetes.heal()
      await service.ready()
    }
  })
}

function kubeconfigOf (server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'proxy', user: { token: 'the proxy replaces this token' } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy', namespace: 'gx4ki-jobs' } }],
    'current-context': 'proxy'
  })
}
