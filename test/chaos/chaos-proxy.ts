import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Fate, PASS } from './fault-stream.ts'

/** A request that was passed on, as the server behind the proxy answered it. */
export interface Exchange {
  method: string
  path: string
  headers: http.IncomingHttpHeaders
  /** The body of the request. */
  sent: Buffer
  status: number
  /** The body of the answer. */
  body: Buffer
}

export interface ChaosProxyOptions {
  kindOf: (method: string, path: string) => string
  /** Says what becomes of the request with this number among those of its kind. */
  fateOf: (kind: string, number: number) => Fate
  /** Which exchanges `observe` is to see. Their bodies are kept in memory. */
  isObserved?: (method: string, path: string) => boolean
  observe?: (exchange: Exchange) => void
  log: (line: string) => void
}

export interface ChaosProxy {
  url: string
  /** Where requests go, and the token to show there instead of that of the client. */
  target: { url: string, token?: string }
  /** How often each fault has occurred. */
  counts: Map<string, number>
  requests: number
  /** Refuses everything for some time. */
  outage: (ms: number) => void
  /** Passes everything on from now on. */
  heal: () => void
  stop: () => Promise<void>
}

/** Stands between a client and a server and does with each request what its fate says. */
export async function startChaosProxy ({ kindOf, fateOf, isObserved, observe, log }: ChaosProxyOptions) {
  const numbers = new Map<string, number>()
  let healed = false
  let outageUntil = 0
  const kept = new http.Agent({ keepAlive: true })

  const server = http.createServer((request, response) => {
    request.on('error', () => {})
    response.on('error', () => {})
    dispose(request, response).catch((error: Error) => {
      log(`proxy: ${error.stack}`)
      response.destroy()
    })
  })

  function nextFate (kind: string): Fate {
    const number = (numbers.get(kind) ?? 0) + 1
    numbers.set(kind, number)
    proxy.requests++
    if (healed) return PASS
    const isOutage = Date.now() < outageUntil
    const fate: Fate = isOutage ? { fault: number % 2 === 0 ? 'refuse' : 'reset', ms: 0 } : fateOf(kind, number)
    if (fate.fault === 'pass') return fate
    const name = isOutage ? 'refused in an outage' : fate.fault
    proxy.counts.set(name, (proxy.counts.get(name) ?? 0) + 1)
    log(`${kind} ${number}: ${name}${fate.ms > 0 ? ` for ${fate.ms} ms` : ''}`)
    return fate
  }

  async function dispose (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = '', url = '', socket } = request
    const { fault, ms } = nextFate(kindOf(method, url))
    if (ms > 0) await sleep(ms)
    // A client that has left does not want it to be passed on any more.
    if (socket.destroyed) return
    switch (fault) {
      case 'refuse':
        request.resume()
        response.writeHead(503, { 'content-type': 'text/plain' }).end('refused by the test\n')
        return
      case 'reset':
        socket.resetAndDestroy()
        return
      case 'swallow':
        await once(request.resume(), 'end').catch(() => {})
        socket.end()
        return
      case 'cut the request':
        cutRequest(request)
        return
      default:
        await passOn(request, response, fault)
    }
  }

  function ask (request: http.IncomingMessage): http.ClientRequest {
    const { method, url, headers } = request
    const { protocol, hostname, port } = new URL(proxy.target.url)
    const { request: send } = protocol === 'https:' ? https : http
    const authorization = proxy.target.token === undefined ? {} : { authorization: `Bearer ${proxy.target.token}` }
    return send({
      hostname,
      port,
      method,
      path: url,
      headers: { ...headers, ...authorization },
      // A kept connection that the server closes at that moment would be one more fault.
      agent: healed ? false : kept
    })
  }

  function cutRequest (request: http.IncomingMessage): void {
    const onward = ask(request)
    let left = Math.floor(Number(request.headers['content-length'] ?? 0) / 2)
    const cut = (): void => {
      onward.destroy()
      request.socket.resetAndDestroy()
    }
    onward.on('error', () => {})
    if (left === 0) return cut()
    request.on('data', (chunk: Buffer) => {
      if (left <= 0) return
      onward.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) setTimeout(cut, 20)
    })
    request.on('close', () => onward.destroy())
  }

  async function passOn (
    request: http.IncomingMessage,
    response: http.ServerResponse,
    fault: Fate['fault']
  ): Promise<void> {
    const { method = '', url = '', headers, socket } = request
    const onward = ask(request)
    const answered = once(onward, 'response') as Promise<[http.IncomingMessage]>
    const isWanted = isObserved?.(method, url) ?? false
    onward.on('error', () => {})
    // What is observed is done even if the client has left, or else nobody would know whether it is done.
    response.on('close', () => {
      if (!response.writableFinished && !(isWanted && request.complete)) onward.destroy()
    })
    const sent: Buffer[] = []
    if (isWanted) request.on('data', (chunk: Buffer) => sent.push(chunk))
    request.pipe(onward)
    let answer: http.IncomingMessage
    try {
      [answer] = await answered
    } catch {
      // The server has broken the connection, so the proxy does so too.
      socket.resetAndDestroy()
      return
    }
    answer.on('error', () => response.destroy())
    const status = answer.statusCode!
    const observed = isWanted ? buffer(answer) : undefined
    observed?.then(
      (body) => observe?.({ method, path: url, headers, sent: Buffer.concat(sent), status, body }),
      () => {}
    )

    if (fault === 'close unanswered' || fault === 'lose the answer' || fault === 'cut the headers') {
      await (observed ?? once(answer.resume(), 'end')).catch(() => {})
      if (fault === 'close unanswered') socket.end()
      else if (fault === 'lose the answer') socket.resetAndDestroy()
      else socket.write(`HTTP/1.1 ${status} OK\r\nContent-Len`, () => socket.end())
      return
    }
    response.writeHead(status, answer.headers)
    if (fault === 'cut the answer') return cutAnswer(answer, response, observed)
    if (observed === undefined) answer.pipe(response)
    else response.end(await observed)
  }

  function cutAnswer (
    answer: http.IncomingMessage,
    response: http.ServerResponse,
    observed: Promise<Buffer> | undefined
  ): void {
    const { socket } = response
    if (observed !== undefined) {
      observed.then((body) => {
        response.write(body.subarray(0, body.length / 2))
        setTimeout(() => socket?.resetAndDestroy(), 20)
      }, () => socket?.destroy())
      return
    }
    response.flushHeaders()
    // Of an answer without a length, such as a log that is followed, only the first bytes.
    let left = Math.floor(Number(answer.headers['content-length'] ?? 200) / 2)
    const cut = (): void => {
      answer.destroy()
      socket?.resetAndDestroy()
    }
    answer.on('data', (chunk: Buffer) => {
      if (left <= 0) return
      response.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) setTimeout(cut, 20)
    })
    answer.on('end', () => setTimeout(cut, 20))
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: ChaosProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: { url: 'http://127.0.0.1:9' },
    counts: new Map(),
    requests: 0,
    outage (ms) {
      outageUntil = Date.now() + ms
    },
    heal () {
      healed = true
    },
    async stop () {
      server.close()
      server.closeAllConnections()
      kept.destroy()
    }
  }
  return proxy
}
