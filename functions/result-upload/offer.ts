import { Type, type Static } from 'typebox'
import type { Store } from '../../shared/store/open-store.ts'
import { Sha256 } from './content.ts'
import { Grant, type Presign } from './presign.ts'

export const Stored = Type.Object({ state: Type.Literal('stored') }, { title: 'Stored', description: 'It is there already' })
export const Granted = Type.Object({ state: Type.Literal('granted'), ...Grant.properties }, {
  title: 'Granted',
  description: 'Send it in one piece'
})
const StoredPart = Type.Object({ number: Type.Integer(), size: Type.Integer(), sha256: Type.Optional(Sha256) }, {
  title: 'StoredPart'
})
export const Multipart = Type.Object({
  state: Type.Literal('multipart'),
  upload_id: Type.String(),
  part_size: Type.Integer({ description: 'Bytes; the last part has the rest' }),
  parts: Type.Array(StoredPart, {
    description: 'Those that are there already; sha256 when the store tells it'
  })
}, { title: 'Multipart', description: 'Send it in parts' })

export type Offer = Static<typeof Stored> | Static<typeof Granted> | Static<typeof Multipart>

export interface Deps {
  store: Store
  presign: Presign
  /** The largest file that goes in one piece, and the smallest part of a larger one. Bytes. */
  largestPut: number
  smallestPart: number
}
