import { Type, type Static } from 'typebox'
import { ResultName } from '../../shared/results/result-name.ts'
import { LARGEST_FILE } from './multipart/part-size.ts'

export const Sha256 = Type.String({
  pattern: '^[0-9a-f]{64}$',
  'x-message': 'must be a sha256 in lower-case hex',
  description: 'Lower-case hex'
})

/** What an uploader says about one of its files; the store finds out whether it is true. */
export const ClaimedFile = Type.Object({
  name: ResultName,
  size: Type.Integer({ minimum: 0, maximum: LARGEST_FILE, description: 'Bytes' }),
  sha256: Sha256
}, { additionalProperties: false })
export type ClaimedFile = Static<typeof ClaimedFile>

export type Content = Omit<ClaimedFile, 'name'>

export function sameContent (one: Content, other: Content): boolean {
  return one.size === other.size && one.sha256 === other.sha256
}
