import type { Test } from 'tap'
import { openStore } from '../../shared/store/open-store.ts'
import { meddledKubernetes } from './meddled-kubernetes.ts'
import { storeProxy } from './store-proxy.ts'
import { testStore } from './store.ts'

/**
 * A store and the stand-in for Kubernetes. All requests of `counted` go through proxies that see them; those of
 * `direct` do not.
 */
export async function countedPlace (t: Test) {
  const direct = await testStore(t)
  const proxy = await storeProxy(t)
  proxy.target = direct.settings.S3_ENDPOINT
  const kubernetes = await meddledKubernetes(t)
  let clockAhead = 0
  // The age of a marker is that of the clock of the store.
  proxy.fault = ({ path }) =>
    !path.includes('prefix=open')
      ? undefined
      : async (_, response, pass) => {
        const { status, headers, body } = await pass()
        const date = new Date(Date.parse(headers.date!) + clockAhead)
        response.writeHead(status, { ...headers, date: date.toUTCString() }).end(body)
      }
  let [store, api] = [0, 0]
  return {
    direct: { store: direct, cluster: kubernetes.real },
    counted: {
      store: openStore({ ...direct.settings, S3_ENDPOINT: proxy.url }),
      cluster: kubernetes.cluster
    },
    kubernetes,
    /** From now on, no marker counts as written a moment ago. */
    age () {
      clockAhead = 3600_000
    },
    /** The requests since the last call, as they came. */
    requests (): { store: string[], api: string[] } {
      const seen = {
        store: proxy.seen.slice(store).map(({ method, path }) => `${method} ${path.replace(/^\/[^/?]*\/?/, '/')}`),
        api: kubernetes.received.slice(api).map(({ method, url }) => `${method} ${url}`)
      }
      store = proxy.seen.length
      api = kubernetes.received.length
      return seen
    }
  }
}
