import { once } from 'node:events'
import http from 'node:http'
import net, { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import tls from 'node:tls'
import ipaddr from 'ipaddr.js'
import { type EgressRules, hostOf, isPublic, refusedUrl } from './egress-rules.ts'
import { failed, failureOf } from './failure.ts'
import { resolveName } from './resolve-name.ts'

export interface OutgoingRequest {
  method: string
  url: string
  headers?: Record<string, string>
  body?: string | Buffer | Readable
  /** Origins that the operator has configured for this purpose, in addition to those of the rules. */
  allowed?: readonly string[]
  /** From the DNS look-up to the last byte of the answer. */
  timeoutMs?: number
  /** How long the receiver may make no progress with a body that is a stream. */
  progressMs?: number
}

/**
 * The body is for protocols that need it, and has at most the first 256 KiB. It must never be shown to the client that
 * gave the URL.
 */
export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** Why there was no answer. */
type Failure =
  | 'EgressDenied'
  | 'DnsError'
  | 'ConnectionRefused'
  | 'Unreachable'
  | 'TlsError'
  | 'ConnectionReset'
  | 'RequestCut'
  | 'InvalidAnswer'
  | 'Timeout'

/** The network functions that a guarded request uses. */
export interface Wire {
  lookup: (name: string) => Promise<string[]>
  connect: (address: string, port: number) => net.Socket
}

const network: Wire = {
  lookup: resolveName,
  connect: (address, port) => net.connect({ host: address, port })
}

export const TIMEOUT_MS = 15_000
/** For each address, because one of several addresses may drop all packets. */
const CONNECT_MS = 5_000
/** What a receiver must read of a stream within `PROGRESS_MS`. One that reads less holds a slot that others need. */
const PROGRESS_BYTES = 64 * 1024
const PROGRESS_MS = 60_000
/** A receiver that has all of a stream may still need a while to answer: so many times `PROGRESS_MS`. */
const ANSWER_PAUSES = 5
const HEADER_BYTES = 16 * 1024
const BODY_BYTES = 256 * 1024

/**
 * Sends a request to a URL that came from outside. All such requests must use this function. The name is resolved once,
 * every resolved address must be allowed, and the connection goes to one of these addresses. The connection is used for
 * this request only. A redirect is not followed, but returned like any other answer. An answer of 2xx is returned only
 * when the request was sent whole. Throws an Error with a `failure`.
 */
export async function guardedRequest (
  request: OutgoingRequest,
  rules: EgressRules,
  wire: Wire = network
): Promise<Answer> {
  const { allowed = [], timeoutMs = TIMEOUT_MS, progressMs = PROGRESS_MS, body } = request
  const ours = { ...rules, allowed: new Set([...rules.allowed, ...allowed]) }
  const stalled = new AbortController()
  const late = AbortSignal.any([AbortSignal.timeout(timeoutMs), stalled.signal])
  let watch: NodeJS.Timeout | undefined
  let socket: net.Socket | undefined
  try {
    const refused = refusedUrl(request.url, ours)
    if (refused !== undefined) throw failed('EgressDenied', `the URL ${refused}`)
    const url = new URL(request.url)
    const addresses = await resolve(url, ours, wire, late)
    socket = await connect(url, addresses, wire, late)
    if (body instanceof Readable) watch = watchProgress(socket, body, progressMs, stalled)
    return await exchange(request, url, socket, late)
  } finally {
    clearInterval(watch)
    socket?.destroy()
    if (body instanceof Readable) body.destroy()
  }
}

async function resolve (
  url: URL,
  { allowed, denied }: EgressRules,
  wire: Wire,
  late: AbortSignal
): Promise<string[]> {
  const host = hostOf(url)
  const isAllowed = allowed.has(url.origin)
  // The final dot makes the resolver look up a public name as it is. Without it, resolv.conf in a cluster makes the
  // resolver try the cluster's names first.
  const addresses = isIP(host) !== 0
    ? [host]
    : await orFail('DnsError', late, Promise.race([wire.lookup(isAllowed ? host : `${host}.`), aborted(late)]))
  if (addresses.length === 0) throw failed('DnsError', `${host} has no address`)
  const refused = isAllowed ? undefined : addresses.find((address) => !isPublic(address, denied))
  if (refused !== undefined) {
    throw failed('EgressDenied', `${host} has the address ${refused}, which is not public or is denied`)
  }
  return addresses
}

async function connect (
  url: URL,
  addresses: string[],
  wire: Wire,
  late: AbortSignal
): Promise<net.Socket> {
  const isSecure = url.protocol === 'https:'
  const socket = await connectToOne(addresses, Number(url.port || (isSecure ? 443 : 80)), wire, late)
  if (!isSecure) return socket
  const host = hostOf(url)
  const secure = tls.connect({
    socket,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['http/1.1']
  })
  try {
    await orFail('TlsError', late, once(secure, 'secureConnect', { signal: late }))
    return secure
  } catch (error) {
    secure.destroy()
    throw error
  }
}

async function connectToOne (
  addresses: string[],
  port: number,
  wire: Wire,
  late: AbortSignal
): Promise<net.Socket> {
  for (const [at, address] of addresses.entries()) {
    const socket = wire.connect(address, port)
    // The user of the socket gets the error as well. Without a listener here, an error at any other time would end the
    // process.
    socket.on('error', () => {})
    try {
      await orFail(
        undefined,
        late,
        once(socket, 'connect', { signal: AbortSignal.any([late, AbortSignal.timeout(CONNECT_MS)]) })
      )
      if (!isSame(socket.remoteAddress, address)) {
        throw failed('EgressDenied', `connected to ${socket.remoteAddress} instead of ${address}`)
      }
      return socket
    } catch (error) {
      socket.destroy()
      if (late.aborted || failureOf(error) === 'EgressDenied' || at === addresses.length - 1) throw error
    }
  }
  throw new Error('no address to connect to')
}

async function exchange (
  { method, headers, body = '' }: OutgoingRequest,
  url: URL,
  socket: net.Socket,
  late: AbortSignal
): Promise<Answer> {
  const outgoing = http.request({
    createConnection: () => socket,
    method,
    path: url.pathname + url.search,
    headers: { 'user-agent': 'gx4ki-jobs', ...headers, host: url.host },
    maxHeaderSize: HEADER_BYTES,
    signal: late
  })
  // Node stops to do this when it has the whole answer, which may be before the request was sent whole.
  socket.on('drain', () => outgoing.emit('drain'))
  // An error after the headers of the answer only makes the body shorter.
  outgoing.on('error', () => {})
  const answered = once(outgoing, 'response', { signal: late }) as Promise<[http.IncomingMessage]>
  if (body instanceof Readable) {
    pipeline(body, (chunks) => whole(chunks, headers?.['content-length']), outgoing)
      .catch((error: Error) => outgoing.destroy(error))
  } else outgoing.end(body)
  const [response] = await orFail(undefined, late, answered)
  // A receiver may answer before it has the whole request. If it then ends the connection, it has only a part, whatever
  // it answered. The answer is not read before, because Node ends the connection at the end of the answer.
  if (isSuccess(response)) await orFail('RequestCut', late, sentWhole(outgoing, late))
  return { status: response.statusCode!, headers: response.headers, body: await firstBytes(response) }
}

/** Aborts `stalled` when the receiver reads too little of a body, or has read it and does not answer. */
function watchProgress (
  socket: net.Socket,
  body: Readable,
  progressMs: number,
  stalled: AbortController
): NodeJS.Timeout {
  let seen = socket.bytesWritten
  let pauses = 0
  return setInterval(() => {
    pauses = socket.bytesWritten - seen < PROGRESS_BYTES ? pauses + 1 : 0
    seen = socket.bytesWritten
    const isSent = body.readableEnded && socket.writableLength === 0
    if (pauses >= (isSent ? ANSWER_PAUSES : 1)) stalled.abort(new Error('the receiver made no progress'))
  }, progressMs)
}

/** The chunks of a body. Throws when they are fewer bytes than announced, so that the request never looks whole. */
async function * whole (chunks: AsyncIterable<Buffer>, length: string | undefined): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    yield chunk
  }
  if (length !== undefined && bytes !== Number(length)) throw new Error(`the body has ${bytes} of ${length} bytes`)
}

async function sentWhole (outgoing: http.ClientRequest, late: AbortSignal): Promise<void> {
  if (outgoing.writableFinished) return
  const cut = once(outgoing, 'close', { signal: late }).then(() => {
    throw new Error('the connection ended before the request was sent whole')
  })
  await Promise.race([once(outgoing, 'finish', { signal: late }), cut])
}

function isSuccess ({ statusCode = 0 }: http.IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}

async function firstBytes (response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= BODY_BYTES) break
    }
  } catch {
    // The body was late or incomplete. The status is enough.
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES)
}

/**
 * Turns an error in a step into a failure: `Timeout` if the time is over, else `kind`, else the failure for the
 * system's error code.
 */
async function orFail<T> (kind: Failure | undefined, late: AbortSignal, step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    throw failed(late.aborted ? 'Timeout' : kind ?? wordOf(code), (cause as Error).message, cause)
  }
}

function wordOf (code: string): Failure {
  if (code === 'ECONNREFUSED') return 'ConnectionRefused'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'ConnectionReset'
  return code.startsWith('HPE_') ? 'InvalidAnswer' : 'Unreachable'
}

async function aborted (signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  throw signal.reason
}

function isSame (connected: string | undefined, address: string): boolean {
  return connected !== undefined &&
    ipaddr.parse(connected).toNormalizedString() === ipaddr.parse(address).toNormalizedString()
}
