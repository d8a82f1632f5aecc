import { problem } from '../../../shared/http/problem.ts'
import { contentKey, multipartKey } from '../../../shared/store/bucket-layout.ts'
import { getJson } from '../../../shared/store/json-object.ts'
import { putObject, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { abortMultipart } from '../../../shared/store/unfinished-uploads.ts'
import type { Attempt } from '../attempt.ts'
import type { Content } from '../content.ts'

/** The one multipart upload of a content that is under way. Only the one that is noted here can be continued. */
export type MultipartNote = Content & { upload_id: string, part_size: number }

export async function readNote (store: Store, place: Attempt, sha256: string): Promise<MultipartNote | undefined> {
  return await getJson<MultipartNote>(store, noteKey(place, sha256))
}

/** An upload id counts only when it is the one that was given for this content. */
export function rightNote (place: Attempt, note: MultipartNote | undefined, uploadId: string): MultipartNote {
  if (note?.upload_id === uploadId) return note
  throw problem('upload-refused', 'No such upload of this file is under way; ask for the file again', {
    job_uuid: place.id,
    errors: [{ field: 'upload_id', message: 'is not that of an upload of this file' }]
  })
}

/** Notes a new upload. False when another request for the same content came first: then only that upload counts. */
export async function writeNote (store: Store, place: Attempt, note: MultipartNote): Promise<boolean> {
  const written = await putObject(store, noteKey(place, note.sha256), JSON.stringify(note), {}, { ifNoneMatch: '*' })
  return written !== undefined
}

export async function removeNote (store: Store, place: Attempt, sha256: string): Promise<void> {
  await removeObject(store, noteKey(place, sha256))
}

/** The note goes last: as long as it stands, the upload can be aborted again. */
export async function abandonUpload (store: Store, place: Attempt, note: MultipartNote): Promise<void> {
  await abortMultipart(store, contentKey(place.id, place.attempt, note.sha256), note.upload_id)
  await removeNote(store, place, note.sha256)
}

function noteKey ({ id, attempt }: Attempt, sha256: string): string {
  return multipartKey(id, attempt, sha256)
}
