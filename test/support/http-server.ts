import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import { listen } from './listen.ts'

export interface Received {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Starts an HTTP server for one test. It keeps all requests with their bodies, in the order in which they arrive. */
export async function httpServer (
  t: Test,
  answer: (request: Received, response: ServerResponse) => unknown = (_, response) => response.writeHead(204).end()
) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    buffer(request).then((body) => {
      const { method, url, headers } = request
      const whole = { method: method!, url: url!, headers, body }
      received.push(whole)
      return answer(whole, response)
    }, () => response.destroy())
  })
  return { url: await listen(t, server), received }
}
