import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem } from '../http/problem.ts'

/**
 * Answers a check that throws `too-many-requests` when a caller has asked more often within a minute than he may. Who
 * has shown no good credential is counted by his address, IPv6 by its /64. The counts are in the memory of this
 * process: each pod has its own.
 */
export async function limitRequests (
  server: FastifyInstance,
  perMinute: number
): Promise<(request: FastifyRequest) => Promise<void>> {
  // Here, for most installations do without, and it takes its time to load.
  const { default: rateLimit, normalizeIP } = await import('@fastify/rate-limit')
  await server.register(rateLimit, {
    global: false,
    max: perMinute,
    timeWindow: 60_000,
    keyGenerator: ({ caller, ip }) =>
      caller.owner === undefined ? `address ${normalizeIP(ip)}` : `owner ${caller.owner}`
  })
  const count = server.createRateLimit()

  return async function checkRate (request) {
    const rate = await count(request)
    if (rate.isAllowed || !rate.isExceeded) return
    throw problem('too-many-requests', `A caller may ask ${perMinute} times a minute`, {
      headers: { 'retry-after': String(rate.ttlInSeconds) }
    })
  }
}
