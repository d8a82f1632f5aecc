import { createHash } from 'node:crypto'

/** The size and the SHA-256 (hex) of bytes, as an uploader reports them. */
export function contentOf (bytes: Buffer): { size: number, sha256: string } {
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}
