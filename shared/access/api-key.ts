import { hash, randomBytes } from 'node:crypto'

/** A prefix that people and secret scanners recognize, the key's id, which is not secret, and 256 random bits. */
const SHAPE = /^gx4ki_([0-9a-f]{12})_[\w-]{43}$/

export const isApiKey = (credential: string): boolean => credential.startsWith('gx4ki_')
export const idOfKey = (key: string): string | undefined => SHAPE.exec(key)?.[1]
export const isKeyId = (text: string): boolean => /^[0-9a-f]{12}$/.test(text)

/** Makes a new key. The file that admits it is named by the id and contains the digest, never the key. */
export function newApiKey (): { id: string, key: string, sha256: string } {
  const id = randomBytes(6).toString('hex')
  const key = `gx4ki_${id}_${randomBytes(32).toString('base64url')}`
  return { id, key, sha256: digestOfKey(key).toString('hex') }
}

/** Plain SHA-256. Only passwords need a slow hash, because they can be guessed; 256 random bits cannot. */
export function digestOfKey (key: string): Buffer {
  return hash('sha256', key, 'buffer')
}
