import net from 'node:net'
import { Readable } from 'node:stream'
import { connectTo, type Wire } from './connect-to.ts'
import { type EgressRules, refusedUrl } from './egress-rules.ts'
import { type Answer, exchange, type OutgoingRequest } from './exchange.ts'
import { failed } from './failure.ts'
import { resolveName } from './resolve-name.ts'

const network: Wire = {
  lookup: resolveName,
  connect: (address, port) => net.connect({ host: address, port })
}

export const TIMEOUT_MS = 15_000
/** What a receiver must read of a stream within `PROGRESS_MS`. One that reads less holds a slot that others need. */
const PROGRESS_BYTES = 64 * 1024
const PROGRESS_MS = 60_000
/** A receiver that has all of a stream may still need a while to answer: so many times `PROGRESS_MS`. */
const ANSWER_PAUSES = 5

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
    socket = await connectTo(url, ours, wire, late)
    if (body instanceof Readable) watch = watchProgress(socket, body, progressMs, stalled)
    return await exchange(request, url, socket, late)
  } finally {
    clearInterval(watch)
    socket?.destroy()
    if (body instanceof Readable) body.destroy()
  }
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
