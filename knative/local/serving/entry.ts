import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  request as send,
  STATUS_CODES,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { answerClientError } from '../../../shared/http/answer-client-error.ts'
import { repeatedHeader } from '../../../shared/http/repeated-header.ts'
import type { HttpRoute } from '../manifests.ts'

export interface Route {
  /** For a pattern, its text. */
  path: string
  exact: boolean
  /** A regular expression for whole paths. */
  pattern?: RegExp
  method?: string
  backend: string
  /** The path that the backend gets instead of the path of the request. */
  replaceFullPath?: string
}

interface Backend {
  url: string
  timeoutSeconds: number
}

/** The headers of RFC 9110, 7.6.1, and Expect, which Node's server has answered already. */
const HOP_BY_HOP = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
]

/**
 * All matches of the routes, the most specific first, in the order of the Gateway API: exact path, longest prefix,
 * method. It leaves it to the gateway where patterns stand; here they come before the prefixes.
 */
export function routesOf (manifests: HttpRoute[]): Route[] {
  return manifests
    .flatMap(({ spec }) => spec.rules)
    .flatMap(({ matches, filters, backendRefs }) =>
      matches.map(({ path, method }) => {
        const rewrite = filters?.[0]?.urlRewrite.path
        return {
          // `/job/` as a prefix is the same as `/job`.
          path: path.type === 'Exact' ? path.value : path.value.replace(/\/$/, ''),
          exact: path.type === 'Exact',
          ...path.type === 'RegularExpression' && { pattern: new RegExp(`^(?:${path.value})$`) },
          ...method && { method },
          backend: backendRefs[0]!.name,
          ...rewrite && { replaceFullPath: rewrite.replaceFullPath }
        }
      })
    )
    .sort((a, b) =>
      Number(b.exact) - Number(a.exact) || Number('pattern' in b) - Number('pattern' in a) ||
      b.path.length - a.path.length ||
      Number('method' in b) - Number('method' in a)
    )
}

/** A prefix matches whole segments: `/job` matches `/job` and `/job/1`, but not `/jobs`. */
export function findRoute (routes: Route[], method: string, path: string): Route | undefined {
  return routes.find((route) =>
    (route.method ?? method) === method && (
      route.pattern?.test(path) ??
        (path === route.path || (!route.exact && path.startsWith(`${route.path}/`)))
    )
  )
}

interface EntryOptions {
  port: number
  routes: Route[]
  backend: (name: string) => Backend | undefined
}

/** The gateway: one address for all functions. `backend` returns the address of a function, if the function runs. */
export async function startEntry ({ port, routes, backend }: EntryOptions) {
  const server = createServer((request, response) => {
    // The forwarded request has only one of them. A gateway refuses this, too.
    const repeated = repeatedHeader(request.rawHeaders)
    if (repeated !== undefined) return problem(response, 400, `the header ${repeated} must not be sent twice`)
    const [path, query] = request.url!.split(/(?=\?)/, 2) as [string, string?]
    const route = findRoute(routes, request.method!, path)
    if (route === undefined) return problem(response, 404, `no function serves the path ${path}`)
    const target = backend(route.backend)
    if (target === undefined) return problem(response, 503, `the function ${route.backend} is not running yet`)
    forward(request, response, (route.replaceFullPath ?? path) + (query ?? ''), target)
  })
  server.on('clientError', answerClientError)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop (): Promise<void> {
      const closed = once(server.close(), 'close')
      server.closeAllConnections()
      await closed
    }
  }
}

/** Streams in both directions without buffering whole bodies. */
function forward (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { url, timeoutSeconds }: Backend
): void {
  const { method, headers, socket } = request
  const upstream = send(url, {
    path,
    method,
    headers: {
      ...endToEnd(headers),
      // Node sends the body of a DELETE only with an explicit transfer encoding.
      ...headers['transfer-encoding'] && { 'transfer-encoding': 'chunked' },
      'x-forwarded-for': [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', '),
      'x-forwarded-proto': headers['x-forwarded-proto'] ?? 'http',
      'x-request-id': headers['x-request-id'] ?? randomUUID(),
      // With `close`, a function that refuses a body would reset the connection before its response is read.
      connection: 'keep-alive'
    },
    // A request over a reused connection would fail when the function has restarted in the meantime.
    agent: false
  })
  const late = new Error(`the function did not answer within ${timeoutSeconds} s`)
  const timer = setTimeout(() => upstream.destroy(late), timeoutSeconds * 1000)
  let answered = false

  upstream.on('response', (answer) => {
    answered = true
    clearTimeout(timer)
    response.writeHead(answer.statusCode!, endToEnd(answer.headers))
    // When one side disconnects, pipeline closes both sides and fails: the client gets an incomplete body.
    pipeline(answer, response).catch(() => {})
  })
  upstream.on('error', (error) => {
    clearTimeout(timer)
    // Once the response has begun, only its stream matters: a function may refuse a body before it has read it.
    if (!answered) problem(response, error === late ? 504 : 502, error.message)
  })
  // The client has disconnected or has the whole response, so the request to the function is no longer needed.
  response.on('close', () => upstream.destroy())
  // Not pipeline: when the function stops reading, it would close the client's connection before the response is sent.
  request.pipe(upstream)
}

function endToEnd (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = headers.connection?.toLowerCase().split(/\s*,\s*/) ?? []
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name) && !named.includes(name))
  )
}

function problem (response: ServerResponse, status: number, detail: string): void {
  if (response.destroyed) return
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    connection: 'close'
  })
  response.end(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }))
}
