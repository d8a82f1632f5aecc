import { Type, type Static, type TObject } from 'typebox'
import { isApiKey } from './api-key.ts'
import { apiKeysIn } from './api-keys-in.ts'
import { bearerOf, credentialMissing, credentialWrong } from './bearer.ts'
import type { Caller } from './caller.ts'
import { isLoopback } from './is-loopback.ts'
import { oidcCaller } from './oidc-caller.ts'
import { tokenVerifier } from './token-verifier.ts'

export const credentialSettings = {
  API_KEYS_DIR: Type.Optional(Type.String({ minLength: 1, description: 'Folder with one file for each API key' })),
  OIDC_ISSUER: Type.Optional(Type.String({ pattern: '^https?://' })),
  OIDC_AUDIENCE: Type.Optional(Type.String({ minLength: 1 })),
  OIDC_JWKS_URI: Type.Optional(Type.String({ pattern: '^https?://' })),
  ANONYMOUS: Type.Optional(Type.Literal('allowed', { description: 'No credentials are required' }))
}
type CredentialSettings = Static<TObject<typeof credentialSettings>>

/** Returns the caller that sends this `Authorization` header, or throws `unauthorized`. */
type Identify = (authorization: string | undefined) => Promise<Caller>

/**
 * How the settings identify callers; `undefined` when no credentials are required. That needs a loopback address or
 * ANONYMOUS=allowed. Throws when the settings contradict each other, or when a reachable function has none of them.
 */
export function identifyBy (
  settings: CredentialSettings & { HOST: string },
  refused: (file: string, reason: string) => void
): Identify | undefined {
  const {
    API_KEYS_DIR: folder,
    OIDC_ISSUER: issuer,
    OIDC_AUDIENCE: audience,
    OIDC_JWKS_URI: jwksUri,
    ANONYMOUS: anonymous,
    HOST: host
  } = settings
  if ((issuer === undefined) !== (audience === undefined) || (jwksUri !== undefined && issuer === undefined)) {
    throw new Error('wrong settings: OIDC_ISSUER and OIDC_AUDIENCE go together, and OIDC_JWKS_URI needs both')
  }
  if (folder === undefined && issuer === undefined) {
    if (anonymous === undefined && !isLoopback(host)) {
      throw new Error(
        `wrong settings: with HOST ${host} other machines can call this function. Set API_KEYS_DIR or OIDC_ISSUER to require credentials, or ANONYMOUS=allowed to allow every caller`
      )
    }
    return undefined
  }
  if (anonymous !== undefined) {
    throw new Error(
      'wrong settings: ANONYMOUS=allowed contradicts API_KEYS_DIR and OIDC_ISSUER, which require credentials; remove one of them'
    )
  }

  const callerWithKey = folder === undefined ? undefined : apiKeysIn(folder, refused)
  const verify = issuer === undefined || audience === undefined
    ? undefined
    : tokenVerifier({ issuer, audience, jwksUri })

  return async function identify (authorization) {
    const credential = bearerOf(authorization)
    if (credential === undefined) {
      throw credentialMissing('The credential is missing; send the header Authorization: Bearer …')
    }
    if (verify !== undefined && !isApiKey(credential)) return oidcCaller(await verify(credential))
    const caller = callerWithKey?.(credential)
    if (caller === undefined) throw credentialWrong('The API key is not known')
    return caller
  }
}
