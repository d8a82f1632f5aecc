import http from 'node:http'
import https from 'node:https'
import type { Test } from 'tap'
import { listen } from './listen.ts'
import { poll } from './poll.ts'

/**
 * What becomes of a request: it is passed on, or refused (503), or held for ever, or its answer is, or the connection
 * breaks, before it was passed on or after.
 */
export type Fate = 'pass' | 'refuse' | 'hold' | 'hold the answer' | 'break' | 'break the answer'

export interface FaultProxy {
  url: string
  /** Where requests go, and a token to show there in place of what the client shows. */
  target: { url: string, token?: string }
  fate: (request: { method: string, path: string, headers: http.IncomingHttpHeaders }) => Fate | Promise<Fate>
  /** Resolves when a request, or its answer, is held. */
  caught(): Promise<void>
  /** Lets everything pass that comes from now on. */
  heal(): void
}

/**
 * Stands between a function and what it depends on, to stop it at one exact request. The requests themselves pass
 * unchanged, so signatures hold.
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
    // A real API server has a certificate of its own; it is on this machine.
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
