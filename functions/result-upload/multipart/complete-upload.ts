import { problem } from '../../../shared/http/problem.ts'
import { resultKey } from '../../../shared/store/bucket-layout.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import type { Attempt } from '../attempt.ts'
import { type ClaimedFile, sameContent } from '../claimed-file.ts'
import { abandonUpload, readNote, removeNote, rightNote } from './multipart-note.ts'
import { completeMultipart, listParts } from './multipart.ts'
import { countParts, sizeOfPart } from './part-size.ts'
import { storedContent } from '../stored-content.ts'

/** Makes the parts the file, once; repeating it is fine. `parts` are the digests of all parts in order. */
export async function completeUpload (
  store: Store,
  place: Attempt,
  { parts: digests, upload_id: uploadId, ...file }: ClaimedFile & { upload_id: string, parts: string[] }
): Promise<void> {
  const found = await readNote(store, place, file.name)
  if (await isStored(store, place, file)) return found && await abandonUpload(store, place, found)
  const note = rightNote(place, found, uploadId)
  const key = resultKey(place.id, place.attempt, file.name)
  const parts = await listParts(store, key, uploadId) ?? []
  const expected = countParts(note)
  const whole = parts.filter(({ number, size }) => size === sizeOfPart(note, number))
  if (!sameContent(note, file) || digests.length !== expected || whole.length !== expected) {
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
  if (completed) return await removeNote(store, place, file.name)
  await abandonUpload(store, place, note)
  if (await isStored(store, place, file)) return
  throw problem('upload-refused', 'The store does not accept the parts as this file; ask for the file again', {
    job_uuid: place.id
  })
}

async function isStored (store: Store, place: Attempt, file: ClaimedFile): Promise<boolean> {
  const stored = await storedContent(store, place, file.name)
  return stored !== undefined && sameContent(stored, file)
}
