import { randomUUID } from 'node:crypto'
import type { Request } from './ask.ts'
import type { StubObject } from './api-server.ts'

/** A request for a job of the default template. */
export const deployRequest: Request = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ template: 'drive', env: { DURATION: '20', SEED: '7' } })
}

/** An event about a Job, as the Broker delivers that of the ApiServerSource. */
export function jobEvent (job: Pick<StubObject, 'kind' | 'metadata'>): Request {
  return event('dev.knative.apiserver.resource.update', JSON.stringify(job))
}

/** A ping of the PingSource. */
export const ping = (): Request => event('dev.knative.sources.ping', '{}')

function event (type: string, body: string): Request {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': randomUUID(),
      'ce-source': 'https://10.96.0.1:443',
      'ce-type': type
    },
    body
  }
}
