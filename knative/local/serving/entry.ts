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
import type { HttpRoute } from '../manifests.ts'

export interface Route {
  path: string
  exact: boolean
  method?: string
  backend: string
  /** What the backend is asked for instead of the caller's path. */
  replaceFullPath?: string
}

interface Backend {
  url: string
  timeoutSeconds: number
}

/** RFC 9110, 7.6.1, and Expect, which Node's server has answered already. */
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
 * All matches of the routes, the most specific first, as the Gateway API orders them: exact path, longest prefix,
 * method.
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
          ...method && { method },
          backend: backendRefs[0]!.name,
          ...rewrite && { replaceFullPath: rewrite.replaceFullPath }
        }
      })
    )
    .sort((a, b) =>
      Number(b.exact) - Number(a.exact) || b.path.length - a.path.length ||
      Number('method' in b) - Number('method' in a)
    )
}

/** A prefix matches whole segments: `/job` holds for `/job` and `/job/1`, not for `/jobs`. */
export function findRoute (routes: Route[], method: string, path: string): Route | undefined {
  return routes.find((route) =>
    (route.method ?? method) === method &&
    (path === route.path || (!route.exact && path.startsWith(`${route.path}/`)))
  )
}

interface EntryOptions {
  port: number
  routes: Route[]
  backend: (name: string) => Backend | undefined
}

/** The gateway: one address of this machine in front of all functions. `backend` says where one is, if it runs yet. */
export async function startEntry ({ port, routes, backend }: EntryOptions) {
  const server = createServer((request, response) => {
    const [path, query] = request.url!.split(/(?=\?)/, 2) as [string, string?]
    const route = findRoute(routes, request.method!, path)
    if (route === undefined) return problem(response, 404, `nothing is served at ${path}`)
    const target = backend(route.backend)
    if (target === undefined) return problem(response, 503, `${route.backend} is not running`)
    forward(request, response, (route.replaceFullPath ?? path) + (query ?? ''), target)
  })
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

/** Streams both ways; nothing is held here. */
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
      // Node frames the body of a DELETE only when told so.
      ...headers['transfer-encoding'] && { 'transfer-encoding': 'chunked' },
      'x-forwarded-for': [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', '),
      'x-forwarded-proto': headers['x-forwarded-proto'] ?? 'http',
      'x-request-id': headers['x-request-id'] ?? randomUUID(),
      // A function asked to close would do so upon a body that it refuses, and reset the connection before its answer
      // is read.
      connection: 'keep-alive'
    },
    // A kept connection to a function that restarted meanwhile would fail a request that need not fail.
    agent: false
  })
  const late = new Error(`no answer within ${timeoutSeconds} s`)
  const timer = setTimeout(() => upstream.destroy(late), timeoutSeconds * 1000)
  let answered = false

  upstream.on('response', (answer) => {
    answered = true
    clearTimeout(timer)
    response.writeHead(answer.statusCode!, endToEnd(answer.headers))
    // It fails when either side goes away, and then has closed both: the caller sees a body cut short.
    pipeline(answer, response).catch(() => {})
  })
  upstream.on('error', (error) => {
    clearTimeout(timer)
    // After an answer only its own stream matters: a function may refuse a body before it has read it.
    if (!answered) problem(response, error === late ? 504 : 502, error.message)
  })
  // The caller went away, or has all: either way nobody needs the other request any longer.
  response.on('close', () => upstream.destroy())
  // Not pipeline, which would close the caller's connection, and with it the answer, when the function stops reading.
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
  response.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' })
  response.end(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }))
}
