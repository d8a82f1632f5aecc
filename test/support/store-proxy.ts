import http from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import { listen } from './listen.ts'

/** What the proxy does with a request instead of passing it on. `pass` passes it on and returns the answer. */
export type Fault = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  pass: () => Promise<{ status: number, headers: http.IncomingHttpHeaders, body: Buffer }>
) => unknown

export interface StoreProxy {
  url: string
  /** Where requests go. */
  target: string
  /** All requests in the order in which they arrived. */
  seen: { method: string, path: string }[]
  /** Chooses the fault of a request; without a fault the proxy passes it on. */
  fault: (request: { method: string, path: string }) => Fault | undefined
}

/**
 * A proxy before the store that can end a request in any way that TCP and HTTP allow. It does not change requests, so
 * signatures made for its own URL stay valid.
 */
export async function storeProxy (t: Test): Promise<StoreProxy> {
  // Many requests at once: new connections for each of them would take longer than the requests.
  const agent = new http.Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const server = http.createServer((request, response) => {
    const what = { method: request.method!, path: request.url! }
    proxy.seen.push(what)
    const pass = async () => await forward(request)
    const fault = proxy.fault(what)
    Promise.resolve(fault === undefined ? relay(pass, response) : fault(request, response, pass))
      .catch(() => response.destroy())
  })

  async function forward (request: http.IncomingMessage) {
    const { hostname, port } = new URL(proxy.target)
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const onward = http.request({
      hostname,
      port,
      agent,
      method: request.method!,
      path: request.url!,
      headers: request.headers
    }, resolve)
    onward.on('error', reject)
    request.on('close', () => request.complete || onward.destroy())
    request.pipe(onward)
    const answer = await promise
    return { status: answer.statusCode!, headers: answer.headers, body: await buffer(answer) }
  }

  const proxy: StoreProxy = { url: '', target: '', seen: [], fault: () => undefined }
  proxy.url = await listen(t, server, '127.0.0.1')
  return proxy
}

async function relay (pass: Parameters<Fault>[2], response: http.ServerResponse): Promise<void> {
  const { status, headers, body } = await pass()
  response.writeHead(status, headers).end(body)
}
