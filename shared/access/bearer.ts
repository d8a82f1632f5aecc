import { problem } from '../http/problem.ts'

/** The bearer token in an `Authorization` header (RFC 6750, 2.1), if it has one. */
export function bearerOf (authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}

/** The answer to a request whose credential is missing or wrong. */
export function unauthorized (detail: string, cause?: unknown): Error {
  return problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer' }, cause })
}

/** The answer to a request that its valid credential does not allow. `scope` is the scope that would allow it. */
export function forbidden (detail: string, scope?: string): Error {
  return problem('forbidden', detail, {
    headers: {
      'www-authenticate': `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`
    }
  })
}
