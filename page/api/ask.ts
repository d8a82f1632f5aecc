import { askToSignIn, credential } from '../sign-in/credential.ts'
import { renew } from '../sign-in/oidc.ts'
import { refusalOf, unreachable } from './refusal.ts'

/** How long an answer may take to begin. The server holds some of them for 50 s, and a function may have to start. */
const ANSWER_MS = 90_000

export interface Request {
  method?: string
  headers?: Record<string, string>
  body?: string
  signal?: AbortSignal | undefined
}

/**
 * Sends a request to the API with the credential of the visitor. Throws a refusal for everything but 2xx and 304. After
 * a 401 the visitor is asked to sign in, while the view keeps what is in it.
 */
export async function ask (path: string, request: Request = {}): Promise<Response> {
  let by = credential.peek()
  let answer = await send(path, request)
  if (answer.status === 401 && await renew()) {
    by = credential.peek()
    answer = await send(path, request)
  }
  if (answer.ok || answer.status === 304) return answer
  const refusal = await refusalOf(answer)
  // The answer to a visitor who has left says nothing about the next one.
  if (answer.status === 401 && credential.peek() === by) askToSignIn(by && refusal.problem.detail)
  throw refusal
}

export async function askJson<T> (path: string, request?: Request): Promise<T> {
  return await (await ask(path, request)).json() as T
}

/** Sends a body as JSON. */
export async function sendJson<T> (
  method: string,
  path: string,
  body: object,
  headers: Record<string, string> = {}
): Promise<T> {
  return await askJson<T>(path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body)
  })
}

async function send (path: string, { headers = {}, signal, ...request }: Request): Promise<Response> {
  const token = credential.value?.token
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), ANSWER_MS)
  try {
    // Relative, so that the page also works where the entry point is below a path.
    return await fetch(`.${path}`, {
      ...request,
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.any([late.signal, ...(signal === undefined ? [] : [signal])])
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw unreachable(error)
  } finally {
    clearTimeout(timer)
  }
}
