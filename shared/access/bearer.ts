import { problem } from '../http/problem.ts'

/** The credential of a request (RFC 6750, 2.1), if it has one. */
export function bearerOf (authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}

/** What a request is answered whose credential is missing or not good. */
export function unauthorized (detail: string, cause?: unknown): Error {
  return problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer' }, cause })
}

/**
 * What it is answered when its credential is good, but not for this; for those who could ask for another, the scope
 * that it would take.
 */
export function forbidden (detail: string, scope?: string): Error {
  return problem('forbidden', detail, {
    headers: {
      'www-authenticate': `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`
    }
  })
}
