import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'

const MOST_REDIRECTS = 5

/**
 * Sends a request. The credential, and all headers but `Range`, go to the origin of the API only: a GET may be
 * redirected to the store, whose URL carries what it needs, and whose ETags are other ones.
 */
export async function sendToOrigin (
  session: Session,
  address: string,
  init: RequestInit & { method: string, headers: Record<string, string> }
): Promise<Response> {
  const { settings: { url: api, token }, fetch } = session
  const { origin } = new URL(api)
  let url = new URL(address)
  for (let redirects = 0; ; redirects++) {
    const isOwn = url.origin === origin
    const { range } = init.headers
    const headers = isOwn
      ? { ...init.headers, 'user-agent': 'gx4ki', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
      : { ...(range !== undefined && { range }) }
    const began = session.now()
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' })
    if (session.verbose) {
      // The query of another origin may be a signature.
      const shown = isOwn ? url.href : `${url.origin}${url.pathname}`
      await session.err.write(`${init.method} ${shown}: ${answer.status}, ${Math.round(session.now() - began)} ms\n`)
    }
    const location = answer.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === null) return answer
    await answer.body?.cancel()
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined
    const refused = refusedRedirect(url, next, init.method, redirects)
    if (refused !== undefined) {
      throw new Failure(EXIT.unexpected, `${url.origin} redirects ${refused}`, {
        type: 'urn:gx4ki:cli:redirect',
        hint: 'set --url or GX4KI_URL to the address of gx4ki-jobs itself'
      })
    }
    url = next!
  }
}

function refusedRedirect (
  from: URL,
  to: URL | undefined,
  method: string,
  redirects: number
): string | undefined {
  if (to === undefined || !/^https?:$/.test(to.protocol)) return 'to what is not an http address'
  if (method !== 'GET') return `a ${method} to ${to.origin}, which is not followed`
  if (from.protocol === 'https:' && to.protocol === 'http:') return `from https to ${to.origin} without TLS`
  return redirects >= MOST_REDIRECTS ? 'again and again' : undefined
}
