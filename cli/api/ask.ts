import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { bodyOf } from './body-of.ts'
import { networkReason } from './network-reason.ts'
import { problemFailure } from './problem-failure.ts'
import { sendToOrigin } from './send-to-origin.ts'

export interface Ask {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the address of the API. */
  path: string
  headers?: Record<string, string>
  body?: object
  /** Statuses that are answers, apart from 2xx. */
  also?: number[]
  signal?: AbortSignal
  /** For how long a request without an answer is repeated. */
  patience?: number
  /** How long one answer may take to begin. */
  timeout?: number
  /** Reads the body, too: one that breaks off, or stays away, is an answer that failed. */
  whole?: true
}

/** A person waits: long enough for a function that starts, short enough for a wrong address. */
const SHORT_MS = 4000
/** A restart of the server or of a router, or a laptop that sleeps, must not end what waits for hours. */
export const LONG_MS = 10 * 60_000
const TIMEOUT_MS = 60_000

/** The statuses with which a server, or a proxy before it, says that the same request may succeed later. */
const LATER = [429, 502, 503, 504]

/**
 * Sends a request and returns the answer. Repeats it while the network or the server fails, as long as the patience
 * lasts. Throws a Failure for every other answer than a success.
 */
export async function ask (session: Session, { patience = SHORT_MS, ...request }: Ask): Promise<Response> {
  const until = session.now() + patience
  for (let pause = 300, isTold = false; ; pause = Math.min(pause * 2, 10_000)) {
    const outcome = await attempt(session, request)
    if (outcome instanceof Response) {
      if (isTold) await session.note('The server answers again.')
      return outcome
    }
    const { failure, wait = pause } = outcome
    if (wait === Infinity || session.now() + wait > until) throw failure
    if (!isTold && patience > SHORT_MS) await session.note(`${failure.message}; trying again for ${patience / 1000} s`)
    isTold = true
    await session.sleep(wait, request.signal ?? session.interrupt)
  }
}

/** The JSON document of an answer. Without these members, it is none of the API. */
export async function askJson<T extends object> (
  session: Session,
  request: Ask,
  ...members: (keyof T & string)[]
): Promise<T> {
  return await jsonOf<T>(session, await ask(session, { ...request, whole: true }), ...members)
}

export async function jsonOf<T extends object> (
  session: Session,
  response: Response,
  ...members: (keyof T & string)[]
): Promise<T> {
  const text = await response.text()
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw notOfApi(session, 'JSON', cause)
  }
  const isObject = typeof document === 'object' && document !== null
  const missing = members.find((name) => !isObject || !Object.hasOwn(document as object, name))
  if (!isObject || missing !== undefined) throw notOfApi(session, `JSON with ${JSON.stringify(missing ?? members)}`)
  return document as T
}

/** The error for an answer that is a success, and none that the API gives. */
export function notOfApi ({ settings }: Session, expected: string, cause?: unknown): Failure {
  return new Failure(EXIT.unexpected, `${settings.url} answered with something else than ${expected}`, {
    type: 'urn:gx4ki:cli:answer',
    hint: 'is this the address of gx4ki-jobs? Set --url or GX4KI_URL',
    cause
  })
}

/** `wait` is how long to wait before the next attempt: Infinity if that makes no sense. */
async function attempt (session: Session, request: Ask): Promise<Response | { failure: Failure, wait?: number }> {
  const { settings: { url }, interrupt } = session
  const { method = 'GET', path, headers = {}, body, also = [], signal = interrupt, timeout = TIMEOUT_MS, whole } = request
  // Not AbortSignal.timeout, which would also end a body that takes longer.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new DOMException('no answer in time', 'TimeoutError')), timeout)
  try {
    const answer = await sendToOrigin(session, url + path, {
      method,
      headers: { accept: 'application/json', ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([late.signal, signal])
    }).finally(() => clearTimeout(timer))
    const isSuccess = answer.ok || also.includes(answer.status)
    if (isSuccess && !whole) return answer
    const all = await wholeOf(answer)
    if (isSuccess) return all
    const failure = await problemFailure(all, url)
    const isTemporary = LATER.includes(answer.status) && !failure.is('too-many-jobs', 'quota-exceeded')
    return { failure, ...waitOf(answer, isTemporary) }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure) throw error
    const { reason, isTemporary } = networkReason(error)
    const failure = new Failure(EXIT.unexpected, `${url} cannot be reached: ${reason}`, {
      type: 'urn:gx4ki:cli:network',
      hint: 'check --url, GX4KI_URL, and that the server runs',
      cause: error
    })
    return { failure, ...(!isTemporary && { wait: Infinity }) }
  }
}

async function wholeOf (answer: Response): Promise<Response> {
  const { body, status, headers } = answer
  if (body === null) return new Response(null, { status, headers })
  const chunks: Uint8Array[] = []
  for await (const chunk of bodyOf(answer)) chunks.push(chunk)
  return new Response(Buffer.concat(chunks), { status, headers })
}

function waitOf ({ headers }: Response, isTemporary: boolean): { wait?: number } {
  if (!isTemporary) return { wait: Infinity }
  const seconds = Number(headers.get('retry-after') ?? NaN)
  return seconds >= 0 ? { wait: seconds * 1000 } : {}
}
