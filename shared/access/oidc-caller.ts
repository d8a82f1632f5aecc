import { createHash } from 'node:crypto'
import { type Caller, type Scope, scopes } from './caller.ts'
import type { Claims } from './token-verifier.ts'

/** The caller that a token names. Its scopes are the known words in `scope` (RFC 8693) and `scp` (Entra, Okta). */
export function oidcCaller ({ sub, scope, scp }: Claims): Caller {
  const words = [scope, scp].flat().flatMap((claim) => typeof claim === 'string' ? claim.split(' ') : [])
  return { owner: oidcOwner(sub), scopes: new Set(scopes.filter((known: Scope) => words.includes(known))) }
}

/**
 * The owner name for a subject. Different subjects have different owners, and none equals the owner of an API key,
 * which has no colon. Characters that a tag cannot hold are encoded as in quoted-printable (RFC 2045, 6.7). A subject
 * that is too long is replaced by its digest.
 */
function oidcOwner (sub: string): string {
  const escaped = sub.replace(
    /[^A-Za-z0-9._:@/+-]/gu,
    (character) => [...Buffer.from(character)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join('')
  )
  const owner = `oidc:${escaped}`
  return owner.length <= 128 ? owner : `oidc-sha256:${createHash('sha256').update(sub).digest('hex')}`
}
