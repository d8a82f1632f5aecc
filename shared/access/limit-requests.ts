import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem } from '../http/problem.ts'

/**
 * Returns a check that throws `too-many-requests` when a caller exceeds its requests per minute. A caller without a
 * valid credential is counted by its address, IPv6 by its /64. The counts are in the memory of this process, so each
 * pod has its own.
 */
export async function limitRequests (
  server: FastifyInstance,
  perMinute: number
): Promise<(request: FastifyRequest) => Promise<void>> {
  // Imported here, because it takes time to load and most installations do not need it.
  const { default: rateLimit, normalizeIP } = await import('@fastify/rate-limit')
  await server.register(rateLimit, {
    global: false,
    max: perMinute,
    timeWindow: 60_000,
    keyGenerator: ({ caller, ip }) =>
      caller.owner === undefined ? `address ${normalizeIP(withoutPort(ip))}` : `owner ${caller.owner}`
  })
  const count = server.createRateLimit()

  return async function checkRate (request) {
    const rate = await count(request)
    if (rate.isAllowed || !rate.isExceeded) return
    throw problem('too-many-requests', `A caller may send ${perMinute} requests a minute; wait as Retry-After says`, {
      headers: { 'retry-after': String(rate.ttlInSeconds) }
    })
  }
}

/** Some proxies write a port into `X-Forwarded-For`, another one for each connection. */
function withoutPort (address: string): string {
  const [, v4, v6] = /^(?:(\d+\.\d+\.\d+\.\d+)|\[(.*)\])(?::\d+)?$/.exec(address) ?? []
  return v4 ?? v6 ?? address
}
