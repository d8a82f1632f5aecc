import { createHash } from 'node:crypto'

/** What an uploader says about bytes. */
export function contentOf (bytes: Buffer): { size: number, sha256: string } {
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}
