import { Type, type Static } from 'typebox'
import { LARGEST_FILE } from '../../shared/results/part-size.ts'

export const Sha256 = Type.String({
  pattern: '^[0-9a-f]{64}$',
  'x-message': 'must be a sha256 in lower-case hex',
  description: 'Lower-case hex'
})

/** The bytes of a file, as an uploader claims them; the store finds out whether it is true. */
export const Content = Type.Object({
  size: Type.Integer({ minimum: 0, maximum: LARGEST_FILE, description: 'Bytes' }),
  sha256: Sha256
}, { title: 'Content', additionalProperties: false })
export type Content = Static<typeof Content>

/** S3 writes a sha256 in Base64; everything else here writes lower-case hex. */
export function toChecksum (sha256: string): string {
  return Buffer.from(sha256, 'hex').toString('base64')
}

export function fromChecksum (checksum: string): string {
  return Buffer.from(checksum, 'base64').toString('hex')
}
