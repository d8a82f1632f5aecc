import { createHash, randomBytes } from 'node:crypto'

/** What it is for, told to people and to scanners of secrets; its id, which is no secret; 256 random bits. */
const SHAPE = /^gx4ki_([0-9a-f]{12})_[\w-]{43}$/

export const isApiKey = (credential: string): boolean => credential.startsWith('gx4ki_')
export const idOfKey = (key: string): string | undefined => SHAPE.exec(key)?.[1]
export const isKeyId = (text: string): boolean => /^[0-9a-f]{12}$/.test(text)

/** A key that nobody has yet. What lets it in is named by the id and holds the digest, never the key. */
export function newApiKey (): { id: string, key: string, sha256: string } {
  const id = randomBytes(6).toString('hex')
  const key = `gx4ki_${id}_${randomBytes(32).toString('base64url')}`
  return { id, key, sha256: digestOfKey(key).toString('hex') }
}

/** Plain SHA-256: a password needs a slow hash because it can be guessed, and 256 random bits cannot. */
export function digestOfKey (key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
