import { Type, type Static } from 'typebox'
import { hasManifest } from '../../shared/results/manifest.ts'
import { resultKey } from '../../shared/store/bucket-layout.ts'
import { encodeTags, removeObject, type Tags } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { attemptClosed } from './attempt-closed.ts'
import type { Attempt } from './attempt.ts'
import { toChecksum } from './checksum.ts'
import { type ClaimedFile, Sha256 } from './claimed-file.ts'
import { decideUpload } from './decide-upload.ts'
import { abandonUpload, type MultipartNote, readNote, writeNote } from './multipart/multipart-note.ts'
import { createMultipart, listParts } from './multipart/multipart.ts'
import { partSize } from './multipart/part-size.ts'
import { Grant, type Presign } from './presign.ts'
import { storedContent } from './stored-content.ts'

export const Stored = Type.Object({ state: Type.Literal('stored') }, { description: 'It is there already' })
export const Granted = Type.Object({ state: Type.Literal('granted'), ...Grant.properties }, {
  description: 'Send it in one piece'
})
export const Multipart = Type.Object({
  state: Type.Literal('multipart'),
  upload_id: Type.String(),
  part_size: Type.Integer({ description: 'Bytes; the last part has the rest' }),
  parts: Type.Array(Type.Object({ number: Type.Integer(), size: Type.Integer(), sha256: Type.Optional(Sha256) }), {
    description: 'Those that are there already; sha256 when the store tells it'
  })
}, { description: 'Send it in parts' })

export type Offer = Static<typeof Stored> | Static<typeof Granted> | Static<typeof Multipart>

export interface Deps {
  store: Store
  presign: Presign
  smallestPart: number
}

/** How a file can be sent, and room made for it. */
export async function offerUpload (
  { store, presign, smallestPart }: Deps,
  place: Attempt,
  file: ClaimedFile
): Promise<Offer> {
  const { id, attempt } = place
  const key = resultKey(id, attempt, file.name)
  const [stored, note, complete] = await Promise.all([
    storedContent(store, place, file.name),
    readNote(store, place, file.name),
    hasManifest(store, id, attempt)
  ])
  const decision = decideUpload(file, { stored, note, complete }, smallestPart)
  if (decision === 'closed') throw attemptClosed(id)

  if (note && decision !== 'go-on') await abandonUpload(store, place, note)
  if (decision === 'stored') return { state: 'stored' }
  if (stored) await removeObject(store, key)
  if (decision === 'put') {
    const grant = await presign(key, {
      'content-length': String(file.size),
      'x-amz-checksum-sha256': toChecksum(file.sha256),
      'x-amz-tagging': encodeTags(tagsOf(place, file)),
      'if-none-match': '*'
    })
    return { state: 'granted', ...grant }
  }

  const parts = decision === 'go-on' && note ? await listParts(store, key, note.upload_id) : undefined
  const current = note && parts ? note : await beginMultipart(store, place, file, smallestPart)
  return {
    state: 'multipart',
    upload_id: current.upload_id,
    part_size: current.part_size,
    parts: (parts ?? []).map(({ number, size, sha256 }) => ({ number, size, ...(sha256 !== undefined && { sha256 }) }))
  }
}

async function beginMultipart (
  store: Store,
  place: Attempt,
  file: ClaimedFile,
  smallestPart: number
): Promise<MultipartNote> {
  const uploadId = await createMultipart(store, resultKey(place.id, place.attempt, file.name), tagsOf(place, file))
  const note = { ...file, upload_id: uploadId, part_size: partSize(file.size, smallestPart) }
  await writeNote(store, place, note)
  return note
}

function tagsOf ({ id }: Attempt, { sha256 }: ClaimedFile): Tags {
  return { job: id, sha256 }
}
