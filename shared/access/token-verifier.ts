import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { isProblem, problem } from '../http/problem.ts'
import { unauthorized } from './bearer.ts'

/** The issuer whose tokens are accepted, and the audience that the tokens must name. */
export interface Trust {
  issuer: string
  audience: string
  /** The URL of the issuer's keys. Without it, the issuer is asked for it (OpenID Connect Discovery 1.0). */
  jwksUri?: string | undefined
  /** Fetches the keys, when that needs credentials. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
}

export type Claims = JWTPayload & { sub: string }

/** Only signatures with a public key. HS… needs a secret shared by issuer and function, and `none` has no signature. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** The largest accepted difference between the clocks of issuer and function. */
const TOLERANCE_SECONDS = 30

const ISSUER_TIMEOUT_MS = 5_000

/**
 * Makes a function that returns the claims of a token of this issuer. It throws `unauthorized` for an invalid token,
 * and `issuer-unavailable` when the issuer's keys cannot be fetched, so that the token cannot be checked. Keys are
 * cached for ten minutes, and fetched again when a token names an unknown key.
 */
export function tokenVerifier (trust: Trust): (token: string) => Promise<Claims> {
  let verifier: ReturnType<typeof prepare> | undefined

  return async function verify (token) {
    // At the first token, not at the start: loading the library and asking the issuer must not slow down a cold start.
    verifier ??= prepare(trust)
    const ready = await verifier.catch((error) => {
      verifier = undefined
      throw error
    })
    return await ready(token)
  }
}

async function prepare (
  { issuer, audience, jwksUri, fetch = globalThis.fetch }: Trust
): Promise<(token: string) => Promise<Claims>> {
  const { createRemoteJWKSet, customFetch, errors, jwtVerify } = await import('jose')
  const keySet = createRemoteJWKSet(new URL(jwksUri ?? await discover(issuer, fetch)), {
    timeoutDuration: ISSUER_TIMEOUT_MS,
    [customFetch]: fetch
  })

  const keyOf: JWTVerifyGetKey = async (header, token) => {
    try {
      return await keySet(header, token)
    } catch (error) {
      if (
        [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported].some((kind) =>
          error instanceof kind
        )
      ) throw error
      throw unavailable(error)
    }
  }

  return async function verify (token) {
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: TOLERANCE_SECONDS,
        requiredClaims: ['sub', 'exp']
      })
      if (typeof payload.sub !== 'string' || payload.sub === '') {
        throw new errors.JWTClaimValidationFailed('must be a string', payload, 'sub')
      }
      return payload as Claims
    } catch (cause) {
      if (isProblem(cause) || !(cause instanceof errors.JOSEError)) throw cause
      const why = cause instanceof errors.JWTExpired
        ? 'The token has expired'
        : cause instanceof errors.JWTClaimValidationFailed
          ? `The claim ${cause.claim} of the token is missing or wrong`
          : 'The token cannot be verified'
      throw unauthorized(why, cause)
    }
  }
}

async function discover (issuer: string, fetch: NonNullable<Trust['fetch']>): Promise<string> {
  try {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS)
    })
    if (!response.ok) throw new Error(`the issuer answered with status ${response.status} instead of its configuration`)
    const found = await response.json() as { issuer?: unknown, jwks_uri?: unknown }
    // Discovery 1.0, 4.3: a configuration that names another issuer must not be used.
    if (found.issuer !== issuer) throw new Error(`the issuer calls itself ${String(found.issuer)}`)
    return new URL(String(found.jwks_uri)).href
  } catch (cause) {
    throw unavailable(cause)
  }
}

function unavailable (cause: unknown): Error {
  return problem('issuer-unavailable', 'The keys of the token issuer cannot be fetched, so no token can be verified', {
    cause
  })
}
