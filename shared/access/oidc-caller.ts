import { createHash } from 'node:crypto'
import { type Caller, type Scope, scopes } from './caller.ts'
import type { Claims } from './token-verifier.ts'

/**
 * Who a token says that the caller is, and what it lets him do: the words that are known here in `scope` (RFC 8693) or
 * `scp` (Entra, Okta).
 */
export function oidcCaller ({ sub, scope, scp }: Claims): Caller {
  const words = [scope, scp].flat().flatMap((claim) => typeof claim === 'string' ? claim.split(' ') : [])
  return { owner: oidcOwner(sub), scopes: new Set(scopes.filter((known: Scope) => words.includes(known))) }
}

/**
 * A subject as the owner of jobs, different for different subjects and never the owner of an API key, which has no
 * colon. What a tag could not hold is written as in quoted-printable (RFC 2045, 6.7); a subject that is too long is its
 * digest.
 */
function oidcOwner (sub: string): string {
  const escaped = sub.replace(
    /[^A-Za-z0-9._:@/+-]/gu,
    (character) => [...Buffer.from(character)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join('')
  )
  const owner = `oidc:${escaped}`
  return owner.length <= 128 ? owner : `oidc-sha256:${createHash('sha256').update(sub).digest('hex')}`
}
