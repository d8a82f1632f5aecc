import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { deliver, milliseconds } from './deliver.ts'
import { binaryMessage, type PassedEvent, readEvent, withAttributes } from './passed-event.ts'
import type { Destination, Trigger } from '../manifests.ts'

export interface BrokerOptions {
  /** Without it, a free one. */
  port?: number
  triggers: Trigger[]
  /** The URL of a destination that a Trigger refers to. */
  urlOf: (destination: Destination) => string
  log: (line: string) => void
}

/**
 * One Broker with its Triggers. It behaves like Knative's Broker with the in-memory channel: the producer gets 202 when
 * all subscribers have answered or their dead letters are delivered, and 500 when an event could not be delivered
 * anywhere. A reply event of a subscriber is handled like an event of a producer.
 */
export async function startBroker ({ port = 0, triggers, urlOf, log }: BrokerOptions) {
  // Check the manifests now, not at the first event.
  for (const { spec: { subscriber, delivery } } of triggers) {
    urlOf(subscriber)
    urlOf(delivery.deadLetterSink)
    milliseconds(delivery.backoffDelay)
    milliseconds(delivery.timeout)
  }
  const stopping = new AbortController()
  const server = createServer((request, response) => {
    accept(request).then((status) => response.writeHead(status).end(), (error: Error) => {
      if (!stopping.signal.aborted) log(`broker: ${error.message}`)
      response.writeHead(500).end()
    })
  })

  async function accept (request: IncomingMessage): Promise<number> {
    if (request.method !== 'POST') return 405
    let event: PassedEvent
    try {
      event = readEvent(request.headers, await buffer(request))
    } catch (error) {
      log(`broker: refused an event: ${(error as Error).message}`)
      return 400
    }
    return await spread(event, passedHeaders(request.headers)) ? 202 : 500
  }

  async function spread (event: PassedEvent, passed: Record<string, string>): Promise<boolean> {
    const arrived = withAttributes(event, { knativearrivaltime: new Date().toISOString() })
    const taken = await Promise.all(
      triggers.filter((trigger) => wants(trigger, arrived)).map((trigger) => place(trigger, arrived, passed))
    )
    return taken.every(Boolean)
  }

  async function place (
    { metadata: { name }, spec: { subscriber, delivery } }: Trigger,
    event: PassedEvent,
    passed: Record<string, string>
  ): Promise<boolean> {
    const { type, id } = event.attributes
    const url = urlOf(subscriber)
    const outcome = await deliver(url, binaryMessage(event, { ...passed, prefer: 'reply' }), delivery, stopping.signal)
    if (outcome.delivered) {
      return outcome.body.length === 0 || await spread(readEvent(outcome.headers, outcome.body), passed)
    }
    log(
      `broker: trigger ${name}: ${type} ${id} failed with ${outcome.status} after ${outcome.tries} tries`
    )
    const letter = withAttributes(event, {
      knativeerrordest: url,
      knativeerrorcode: String(outcome.status),
      // Knative limits this attribute to 1024 characters.
      knativeerrordata: outcome.body.toString('base64').slice(0, 1024)
    })
    const { delivered } = await deliver(
      urlOf(delivery.deadLetterSink),
      binaryMessage(letter, passed),
      delivery,
      stopping.signal
    )
    if (!delivered) log(`broker: trigger ${name}: ${type} ${id} is lost: its dead letter failed too`)
    return delivered
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop (): Promise<void> {
      stopping.abort()
      const closed = once(server.close(), 'close')
      server.closeAllConnections()
      await closed
    }
  }
}

/** Attributes must have the exact values of the filter. An empty value matches any value of an existing attribute. */
function wants ({ spec: { filter } }: Trigger, { attributes }: PassedEvent): boolean {
  return Object.entries(filter.attributes).every(([name, value]) =>
    attributes[name] !== undefined && (value === '' || attributes[name] === value)
  )
}

/** The request headers that the Broker passes to subscribers in addition to those of the event. */
function passedHeaders (headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) =>
      name === 'x-request-id' || name === 'kn-namespace' || name.startsWith('knative-')
    )
  ) as Record<string, string>
}
