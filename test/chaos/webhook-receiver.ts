import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import type { Delivery } from './observation.ts'
import { seeded } from './seeded.ts'

export interface WebhookReceiver {
  url: string
  secret: string
  /** What has arrived about a job. */
  about: (id: string) => Delivery[]
  counts: Map<string, number>
  heal: () => void
  stop: () => void
}

/** A webhook that answers with errors and breaks connections, as its seed says, and keeps what has arrived. */
export async function startWebhookReceiver (seed: string): Promise<WebhookReceiver> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const verifier = new Webhook(secret)
  const deliveries = new Map<string, Delivery[]>()
  const counts = new Map<string, number>()
  let healed = false
  let number = 0

  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy())
  })

  async function take (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const random = seeded(seed, 'webhook', ++number)
    const fault = healed || random.chance(0.6) ? 'none' : random.pick(['500', 'hang up', 'hang up late', '429'])
    if (fault !== 'none') counts.set(fault, (counts.get(fault) ?? 0) + 1)
    if (fault === 'hang up') {
      request.socket.resetAndDestroy()
      return
    }
    const body = await text(request)
    const event = JSON.parse(body) as { subject: string, data: { state: string } }
    const taken = fault === 'none' || fault === 'hang up late'
    const one = {
      id: String(request.headers['webhook-id']),
      state: event.data.state,
      signed: isSigned(body, request.headers as Record<string, string>),
      taken
    }
    deliveries.set(event.subject, [...deliveries.get(event.subject) ?? [], one])
    if (fault === 'hang up late') request.socket.resetAndDestroy()
    else response.writeHead(taken ? 204 : Number(fault)).end()
  }

  function isSigned (body: string, headers: Record<string, string>): boolean {
    try {
      verifier.verify(body, headers)
      return true
    } catch {
      return false
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secret,
    counts,
    about: (id) => deliveries.get(id) ?? [],
    heal () {
      healed = true
    },
    stop () {
      server.close()
      server.closeAllConnections()
    }
  }
}
