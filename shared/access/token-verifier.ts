import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { isProblem, problem } from '../http/problem.ts'
import { credentialWrong } from './bearer.ts'

/** The issuer whose tokens are accepted, and the audience that the tokens must name. */
export interface Trust {
  issuer: string
  audience: string
  /** The URL of the issuer's keys. Without it, the issuer is asked for it (OpenID Connect Discovery 1.0). */
  jwksUri?: string | undefined
  /** Fetches the keys, when that needs credentials. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** How long the issuer is not asked again for a key that it did not have. */
  pauseMs?: number
}

export type Claims = JWTPayload & { sub: string }

/** Only signatures with a public key. HS… needs a secret shared by issuer and function, and `none` has no signature. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** The largest accepted difference between the clocks of issuer and function. */
const TOLERANCE_SECONDS = 30

const ISSUER_TIMEOUT_MS = 5_000

/** A caller that invents key ids must not make a request to the issuer each time. */
const PAUSE_MS = 30_000

/**
 * Makes a function that returns the claims of a token of this issuer. It throws `unauthorized` for an invalid token,
 * and `issuer-unavailable` when the token cannot be checked: the issuer's keys cannot be fetched, or the token may be
 * signed with a key that is newer than they are. Keys are cached for ten minutes, and fetched again when a token names
 * an unknown key, but at most every 30 s.
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
  { issuer, audience, jwksUri, fetch = globalThis.fetch, pauseMs = PAUSE_MS }: Trust
): Promise<(token: string) => Promise<Claims>> {
  const { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify } = await import('jose')
  let lookedAt = 0
  const keySet = createRemoteJWKSet(new URL(jwksUri ?? await discover(issuer, fetch)), {
    timeoutDuration: ISSUER_TIMEOUT_MS,
    cooldownDuration: pauseMs,
    [customFetch]: async (url: string, init: RequestInit) => {
      lookedAt = Date.now()
      return await fetch(url, init)
    }
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
    const isPausing = keySet.coolingDown
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
      if (isPausing && cause instanceof errors.JWKSNoMatchingKey && mayBecomeValid(token)) throw tooNew(cause)
      const why = cause instanceof errors.JWTExpired
        ? 'The token has expired'
        : cause instanceof errors.JWTClaimValidationFailed
          ? `The claim ${cause.claim} of the token is missing or wrong`
          : 'The token cannot be verified'
      throw credentialWrong(why, cause)
    }
  }

  /** Whether only the key is missing. The claims are not verified; wrong ones would be refused with any key. */
  function mayBecomeValid (token: string): boolean {
    try {
      const { iss, aud, exp = 0 } = decodeJwt(token)
      return iss === issuer && [aud].flat().includes(audience) && exp > Date.now() / 1000 - TOLERANCE_SECONDS
    } catch {
      return false
    }
  }

  function tooNew (cause: unknown): Error {
    const seconds = Math.ceil((lookedAt + pauseMs - Date.now()) / 1000)
    return problem(
      'issuer-unavailable',
      'The token names a key that the issuer did not have at the last look; send the request again as Retry-After says',
      // One second more, because the pause begins with the answer of the issuer.
      { headers: { 'retry-after': String(Math.max(seconds, 0) + 1) }, cause }
    )
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
