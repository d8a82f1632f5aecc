import type { FastifyPluginAsync } from 'fastify'
import t from 'tap'
import { deploy } from '../../../../functions/deploy/app.ts'
import { jobWatch } from '../../../../functions/job-watch/app.ts'
import { resultFetch } from '../../../../functions/result-fetch/app.ts'
import { readManifests } from '../../../../knative/local/manifests.ts'
import { routesOf, startEntry } from '../../../../knative/local/serving/entry.ts'
import { collectRoutes } from '../../../../openapi/collect-routes.ts'
import { callersApi } from '../../../../shared/http/callers-api.ts'
import { openStore } from '../../../../shared/store/open-store.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { deployWith } from '../../../support/deploy-server.ts'
import { fetchServer } from '../../../support/fetch-server.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { storeSettingsOf } from '../../../support/store-settings.ts'
import { watchServer } from '../../../support/watch-server.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

await t.test('behind the entry point', async (t) => {
  const store = openStore(storeSettingsOf(await closedUrl()))
  const urls: Record<string, string> = {
    deploy: (await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })).url,
    'result-fetch': (await fetchServer(t, store)).url,
    'job-watch': (await watchServer(t, { store, cluster: clusterAt(t, await closedUrl()) })).url
  }
  const plugins: Record<string, FastifyPluginAsync> = {
    deploy: deploy({} as never),
    'result-fetch': resultFetch({} as never),
    'job-watch': jobWatch({} as never)
  }
  /** The methods of each path of a function, as the OpenAPI documents have them. */
  async function documented (name: string): Promise<[path: string, methods: string[]][]> {
    const methods = new Map<string, string[]>()
    for (const { url, method } of await collectRoutes(plugins[name]!)) {
      methods.set(url, [...methods.get(url) ?? [], method])
    }
    return [...methods]
  }

  await t.test('each function knows the methods of the other at the paths that they share', async (t) => {
    for (const name of ['deploy', 'result-fetch', 'job-watch'] as const) {
      // The entry point sends all requests for the other paths to deploy.
      const shared = (await documented(name)).filter(([path]) => /^\/job(?!\/deploy)/.test(path))
      const reads = (methods: string[]): string[] => methods.filter((method) => method !== 'HEAD').sort()
      t.strictSame(
        Object.fromEntries(Object.entries(callersApi[name]).map(([path, methods]) => [path, reads(methods)])),
        Object.fromEntries(
          shared.map(([path, methods]) => [path, reads(methods)])
        ),
        name
      )
      for (const [path, methods] of Object.entries<string[]>(callersApi[name])) {
        const own = urls[name] + path.replace(':id', 'x').replace(':callback', 'y')
        const hasHead = (await fetch(own, { method: 'HEAD' })).status !== 405
        t.equal(methods.includes('HEAD'), hasHead, `HEAD ${path}`)
      }
    }
  })

  await t.test('every method that a path does not support is 405, with those that it supports', async (t) => {
    const entry = await startEntry({
      port: 0,
      routes: routesOf(readManifests('knative/base')['gateway.networking.k8s.io/v1/HTTPRoute']),
      backend: (name) => ({ url: urls[name]!, timeoutSeconds: 10 })
    })
    t.teardown(() => entry.stop())
    const methods = new Map<string, Set<string>>()
    for (const name of ['deploy', 'result-fetch', 'job-watch']) {
      for (const [path, own] of await documented(name)) {
        // The entry point has no route for events.
        if (path === '/') continue
        const known = methods.get(path) ?? new Set()
        for (const method of own) known.add(method)
        // Fastify adds HEAD to each GET that has nothing against it, and the document does not have it.
        const isReadable = known.has('GET') && !['/job/deploy', '/demo', '/job/:id/events'].includes(path) && !/dataflows/.test(path)
        if (isReadable) known.add('HEAD')
        methods.set(path, known)
      }
    }
    methods.set('/openapi.json', new Set(['GET', 'HEAD']))
    methods.set('/openapi/deploy.json', new Set(['GET', 'HEAD']))
    t.ok(methods.size > 20)
    for (const [path, known] of methods) {
      const url = entry.url + path.replace(/:\w+/g, 'x')
      for (const method of METHODS.filter((one) => !known.has(one))) {
        const response = await fetch(url, { method })
        t.strictSame(response.headers.get('allow')?.split(', ').sort(), [...known].sort(), `${method} ${path}`)
        if (method === 'HEAD') t.equal(response.status, 405)
        else await problemOf(t, response, 405, 'method-not-allowed')
      }
    }
  })
})
