import { problem } from '../http/problem.ts'

/** The bearer token in an `Authorization` header (RFC 6750, 2.1), if it has one. It may be malformed. */
export function bearerOf (authorization: string | undefined): string | undefined {
  return /^Bearer +(\S.*)$/i.exec(authorization ?? '')?.[1]
}

/**
 * The answer to a request without a credential, or with one that a route does not take. RFC 6750 (3.1) asks for a
 * challenge without an error code.
 */
export function credentialMissing (detail: string): Error {
  return problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer' } })
}

/** The answer to a request whose credential is malformed, unknown, expired or forged. */
export function credentialWrong (detail: string, cause?: unknown): Error {
  return problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, cause })
}

/** The answer to a request that its valid credential does not allow. `scope` is the scope that would allow it. */
export function forbidden (detail: string, scope?: string): Error {
  return problem('forbidden', detail, {
    headers: {
      'www-authenticate': `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`
    }
  })
}
