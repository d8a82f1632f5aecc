import { sha256 } from '../files/sha256.ts'

/** A verifier of RFC 7636, or another text that nobody can guess. */
export function randomText (): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)))
}

/** The challenge S256 of a verifier. */
export function challengeOf (verifier: string): string {
  return base64url(sha256().update(new TextEncoder().encode(verifier)).bytes())
}

function base64url (bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
