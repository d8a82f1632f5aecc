import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'
import type { Bench } from '../bench.ts'

/** A request as it went over the wire, with the times at which it began and ended. */
export interface Seen {
  to: 'store' | 'api'
  method: string
  path: string
  began: number
  ended: number
}

export interface Wire {
  /** The URL that stands for the target. */
  url: string
  /** How many connections have been opened. */
  connections: () => number
}

/** Everything that has been seen by the wires of a row; `splice(0)` takes it. */
export type Record = Seen[]

/**
 * Counts the requests to a server: a proxy before it. It changes nothing of a request, so that signatures stay valid.
 * Only rows that count use it: it takes time. With `aheadMs`, the clock of the server is ahead: what a row has just
 * stored is then that much older.
 */
export async function wireTo (
  { after }: Pick<Bench, 'after'>,
  to: Seen['to'],
  target: string,
  record: Record,
  aheadMs = 0
): Promise<Wire> {
  const { hostname, port } = new URL(target)
  const agent = new http.Agent({ keepAlive: true })
  let connections = 0
  const server = http.createServer((request, response) => {
    const seen: Seen = { to, method: request.method!, path: request.url!, began: performance.now(), ended: Infinity }
    record.push(seen)
    response.on('close', () => {
      seen.ended = performance.now()
    })
    const onward = http.request({
      hostname,
      port,
      agent,
      method: seen.method,
      path: seen.path,
      headers: request.headers
    }, (answer) => {
      // The client has gone.
      if (response.destroyed) return answer.destroy()
      const { date = '' } = answer.headers
      const later = aheadMs > 0 && { date: new Date(Date.parse(date) + aheadMs).toUTCString() }
      response.writeHead(answer.statusCode!, { ...answer.headers, ...later })
      pipeline(answer, response, () => {})
    })
    onward.on('error', () => response.destroy())
    pipeline(request, onward, () => {})
  }).on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.close()
    server.closeAllConnections()
    agent.destroy()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections }
}

/** How many requests went to one target. */
export function countTo (to: Seen['to'], seen: Seen[]): number {
  return seen.filter((one) => one.to === to).length
}

/** The length of the longest chain: of requests that each began when the one before had ended. */
export function chainOf (seen: Seen[]): number {
  let length = 0
  let free = -Infinity
  for (const { began, ended } of seen.toSorted((a, b) => a.ended - b.ended)) {
    if (began < free) continue
    length++
    free = ended
  }
  return length
}
