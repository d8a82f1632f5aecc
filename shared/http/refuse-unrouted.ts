import type { FastifyInstance, RouteOptions } from 'fastify'
import { problem } from './problem.ts'

/** The methods of each path of the API, by the path as a route has it: `/job/:id`. */
type Methods = Map<string, Set<string>>

/**
 * Answers 404 for unknown paths, and 405 with Allow for other methods, as RFC 9110 (15.5.6) requires. Fastify itself
 * would answer 404, or another error if it cannot read the body. `Allow` has the methods that the path supports behind
 * the entry point. A client that sends one of another function past the entry point gets only those of this function.
 * It is called before the routes are added, and the function that it returns after that.
 */
export function refuseUnrouted (server: FastifyInstance, elsewhere: Record<string, string[]>): () => void {
  const own: Methods = new Map()
  let isComplete = false
  server.addHook('onRoute', ({ url, method }: RouteOptions) => {
    if (!isComplete) own.set(url, new Set([...own.get(url) ?? [], ...[method].flat()]))
  })
  // A request without a route. This runs before the body is read, because the body does not matter.
  server.addHook('onRequest', async ({ is404, method, url: target }) => {
    if (!is404) return
    const path = target.replace(/^https?:\/\/[^/]*/, '').split('?')[0]!
    const url = mostExact([...own.keys(), ...Object.keys(elsewhere)].filter((one) => fits(path, one)))
    if (url !== undefined) refuse(method, own.get(url) ?? new Set(), elsewhere[url] ?? [])
    throw problem('not-found', 'This function has no route at this path; the OpenAPI documents list all routes')
  })

  return function refuseWithRoutes () {
    isComplete = true
    for (const [url, methods] of own) {
      // Fastify would take `DELETE /job/deploy` for that of a job: it prefers a path without parameters only to paths
      // with the same method.
      const others = [...own].flatMap(([other, those]) => other !== url && fits(url, other) ? [...those] : [])
      const refused = others.filter((method) => !methods.has(method))
      if (refused.length === 0) continue
      server.route({
        method: [...new Set(refused)],
        url,
        schema: { hide: true },
        config: { access: 'public' },
        onRequest: async ({ method }) => refuse(method, methods, elsewhere[url] ?? []),
        handler: async () => undefined
      })
    }
  }
}

/** Does nothing when the path has no methods that could be allowed, or supports this one: something else is wrong. */
function refuse (method: string, own: Set<string>, others: string[]): void {
  const allow = [...own, ...others.includes(method) ? [] : others].join(', ')
  if (own.has(method) || allow === '') return
  throw problem('method-not-allowed', `This path does not support ${method}, only ${allow}`, { headers: { allow } })
}

/** Whether a path, as it was sent, is one of a route. */
function fits (path: string, route: string): boolean {
  const [sent, wanted] = [path.split('/'), route.split('/')]
  return sent.length === wanted.length &&
    wanted.every((part, at) => part.startsWith(':') || part === decodeURIComponent(sent[at]!))
}

function mostExact (routes: string[]): string | undefined {
  const parameters = (route: string): number => route.split(':').length
  return routes.sort((a, b) => parameters(a) - parameters(b))[0]
}
