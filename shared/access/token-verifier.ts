import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { isProblem, problem } from '../http/problem.ts'
import { unauthorized } from './bearer.ts'

/** Whose tokens are good, and for whom they must be meant. */
export interface Trust {
  issuer: string
  audience: string
  /** Where the issuer's keys are; without it the issuer is asked (OpenID Connect Discovery 1.0). */
  jwksUri?: string | undefined
  /** How keys are fetched, where that takes credentials of its own. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
}

export type Claims = JWTPayload & { sub: string }

/** Signatures only: a secret that issuer and function share (HS…) is no key for anybody else, and `none` is none. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** How far the clocks of issuer and function may be apart. */
const TOLERANCE_SECONDS = 30

const ISSUER_TIMEOUT_MS = 5_000

/**
 * Answers the claims of a token of this issuer. A token that is not good is the problem `unauthorized`; an issuer whose
 * keys cannot be had is `issuer-unavailable`, for then nobody knows. Keys are kept for ten minutes, and asked for again
 * when a token names one that is new.
 */
export function tokenVerifier (trust: Trust): (token: string) => Promise<Claims> {
  let verifier: ReturnType<typeof prepare> | undefined

  return async function verify (token) {
    // With the first token, not at the start: neither to load the library nor to ask the issuer is part of a cold
    // start.
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
        throw new errors.JWTClaimValidationFailed('not a text', payload, 'sub')
      }
      return payload as Claims
    } catch (cause) {
      if (isProblem(cause) || !(cause instanceof errors.JOSEError)) throw cause
      const why = cause instanceof errors.JWTExpired
        ? 'The token has expired'
        : cause instanceof errors.JWTClaimValidationFailed
          ? `The claim ${cause.claim} of the token is missing or not as it must be`
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
    if (!response.ok) throw new Error(`the issuer's configuration was answered with ${response.status}`)
    const found = await response.json() as { issuer?: unknown, jwks_uri?: unknown }
    // Discovery 1.0, 4.3: what names another issuer is not to be used.
    if (found.issuer !== issuer) throw new Error(`the issuer calls itself ${String(found.issuer)}`)
    return new URL(String(found.jwks_uri)).href
  } catch (cause) {
    throw unavailable(cause)
  }
}

function unavailable (cause: unknown): Error {
  return problem('issuer-unavailable', 'The keys of the issuer of tokens cannot be had, so no token can be verified', {
    cause
  })
}
