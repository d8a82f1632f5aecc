import http from 'node:http'
import https from 'node:https'
import type { Test } from 'tap'
import { listen } from './listen.ts'
import { poll } from './poll.ts'

/**
 * What the proxy does with a request: it passes the request on, refuses it (503), holds it for ever, or breaks the
 * connection. The two fates about the answer pass the request on first.
 */
export type Fate = 'pass' | 'refuse' | 'hold' | 'hold the answer' | 'break' | 'break the answer'

export interface FaultProxy {
  url: string
  /** Where requests go. A `token` here replaces the token of the client. */
  target: { url: string, token?: string }
  fate: (request: { method: string, path: string, headers: http.IncomingHttpHeaders }) => Fate | Promise<Fate>
  /** Resolves when a request, or its answer, is held. */
  caught(): Promise<void>
  /** Lets all later requests pass. */
  heal(): void
}

/**
 * A proxy between a function and a service that it depends on. It can stop the function at one exact request. It does
 * not change requests, so signatures stay valid.
 */
export async function faultProxy (t: Test): Promise<FaultProxy> {
  let held = 0
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request
    Promise.resolve(proxy.fate({ method, path: url, headers })).then(
      (fate) => dispose(request, response, fate),
      () => response.destroy()
    )
  })
  function dispose (request: http.IncomingMessage, response: http.ServerResponse, fate: Fate): void {
    const { method = '', url = '', headers } = request
    if (fate === 'refuse') {
      request.resume()
      response.writeHead(503).end()
      return
    }
    if (fate === 'hold') {
      held++
      return
    }
    if (fate === 'break') {
      request.socket.destroy()
      return
    }
    const { protocol, hostname, port } = new URL(proxy.target.url)
    // A real API server has a self-signed certificate. The proxy does not check it, because the server is on this
    // machine.
    const { request: ask } = protocol === 'https:' ? https : http
    const authorization = proxy.target.token === undefined ? {} : { authorization: `Bearer ${proxy.target.token}` }
    const onward = ask({
      hostname,
      port,
      method,
      rejectUnauthorized: false,
      path: url,
      headers: { ...headers, ...authorization }
    }, (answer) => {
      if (fate === 'hold the answer') {
        answer.resume().once('end', () => held++)
        return
      }
      if (fate === 'break the answer') {
        answer.resume().once('end', () => request.socket.destroy())
        return
      }
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }
  // On a cluster, functions reach the tests at the node's address.
  const url = await listen(t, server, process.env['E2E_NODE_ADDRESS'])
  const proxy: FaultProxy = {
    url,
    target: { url: 'http://127.0.0.1:9' },
    fate: () => 'pass',
    caught: async () => {
      await poll('a request is held', () => held > 0)
    },
    heal () {
      held = 0
      proxy.fate = () => 'pass'
    }
  }
  return proxy
}
