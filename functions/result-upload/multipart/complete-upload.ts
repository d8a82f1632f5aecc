import { problem } from '../../../shared/http/problem.ts'
import { countParts, sizeOfPart } from '../../../shared/results/part-size.ts'
import { contentKey } from '../../../shared/store/bucket-layout.ts'
import { headObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import type { Attempt } from '../attempt.ts'
import type { Content } from '../content.ts'
import { abandonUpload, readNote, removeNote, rightNote } from './multipart-note.ts'
import { completeMultipart, listParts } from './multipart.ts'

/** Makes the parts the content, once; repeating it is fine. `parts` are the digests of all parts in order. */
export async function completeUpload (
  store: Store,
  place: Attempt,
  { parts: digests, upload_id: uploadId, ...content }: Content & { upload_id: string, parts: string[] }
): Promise<void> {
  const found = await readNote(store, place, content.sha256)
  if (await isStored(store, place, content)) return found && await abandonUpload(store, place, found)
  const note = rightNote(place, found, uploadId)
  const key = contentKey(place.id, place.attempt, content.sha256)
  const parts = await listParts(store, key, uploadId) ?? []
  const expected = countParts(note)
  const whole = parts.filter(({ number, size }) => size === sizeOfPart(note, number))
  if (note.size !== content.size || digests.length !== expected || whole.length !== expected) {
    throw problem(
      'upload-refused',
      `The file has ${expected} parts; ${whole.length} are there, ${digests.length} were named`,
      { job_uuid: place.id }
    )
  }
  const completed = await completeMultipart(
    store,
    key,
    uploadId,
    whole.map(({ number, etag }, at) => ({ number, etag, sha256: digests[at]! }))
  )
  if (completed) return await removeNote(store, place, content.sha256)
  await abandonUpload(store, place, note)
  if (await isStored(store, place, content)) return
  throw problem('upload-refused', 'The store does not accept the parts as this file; ask for the file again', {
    job_uuid: place.id
  })
}

async function isStored (store: Store, { id, attempt }: Attempt, { size, sha256 }: Content): Promise<boolean> {
  return (await headObject(store, contentKey(id, attempt, sha256)))?.size === size
}
