import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { orFail } from './failure.ts'

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

const HEADER_BYTES = 16 * 1024
const BODY_BYTES = 256 * 1024

/**
 * Sends a request over a connection that is used for this request only. An answer of 2xx is returned only when the
 * request was sent whole. Throws an Error with a `failure`.
 */
export async function exchange (
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
