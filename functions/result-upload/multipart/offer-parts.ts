import { partSize } from '../../../shared/results/part-size.ts'
import { contentKey } from '../../../shared/store/bucket-layout.ts'
import { abortMultipart } from '../../../shared/store/unfinished-uploads.ts'
import type { Attempt } from '../attempt.ts'
import type { Content } from '../content.ts'
import type { Deps, Offer } from '../offer.ts'
import { abandonUpload, readNote, writeNote } from './multipart-note.ts'
import { createMultipart, listParts } from './multipart.ts'

/**
 * A multipart upload of a large content: the one that is under way, with the parts that are there, or a new one. It is
 * noted before it is offered. So an upload without a note has no parts.
 */
export async function offerParts (
  deps: Pick<Deps, 'store' | 'smallestPart'>,
  place: Attempt,
  content: Content
): Promise<Offer> {
  const { store, smallestPart } = deps
  const key = contentKey(place.id, place.attempt, content.sha256)
  const note = await readNote(store, place, content.sha256)
  const parts = note?.size === content.size ? await listParts(store, key, note.upload_id) : undefined
  if (note !== undefined && parts !== undefined) {
    return {
      state: 'multipart',
      upload_id: note.upload_id,
      part_size: note.part_size,
      parts: parts.map(({ number, size, sha256 }) => ({ number, size, ...(sha256 !== undefined && { sha256 }) }))
    }
  }
  if (note !== undefined) await abandonUpload(store, place, note)
  const begun = {
    ...content,
    upload_id: await createMultipart(store, key),
    part_size: partSize(content.size, smallestPart)
  }
  if (!await writeNote(store, place, begun)) {
    await abortMultipart(store, key, begun.upload_id)
    return await offerParts(deps, place, content)
  }
  return { state: 'multipart', upload_id: begun.upload_id, part_size: begun.part_size, parts: [] }
}
