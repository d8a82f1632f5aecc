import { createHash } from 'node:crypto'
import { problem } from '../../../shared/http/problem.ts'
import { multipartKey, resultKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, putObject, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { abortMultipart } from '../../../shared/store/unfinished-uploads.ts'
import type { Attempt } from '../attempt.ts'
import type { ClaimedFile } from '../claimed-file.ts'

/** The one multipart upload of a file that is under way. Only what stands here can be gone on with. */
export type MultipartNote = ClaimedFile & { upload_id: string, part_size: number }

export async function readNote (store: Store, place: Attempt, name: string): Promise<MultipartNote | undefined> {
  const found = await getObject(store, noteKey(place, name))
  return found && JSON.parse(found.body.toString()) as MultipartNote
}

/** A caller's upload id counts only when it is the one that was given for this name. */
export function rightNote (place: Attempt, note: MultipartNote | undefined, uploadId: string): MultipartNote {
  if (note?.upload_id === uploadId) return note
  throw problem('upload-refused', 'No such upload of this file is under way; ask for the file again', {
    job_uuid: place.id,
    errors: [{ field: 'upload_id', message: 'is not that of an upload of this file' }]
  })
}

export async function writeNote (store: Store, place: Attempt, note: MultipartNote): Promise<void> {
  await putObject(store, noteKey(place, note.name), JSON.stringify(note), {}, 'unconditional')
}

export async function removeNote (store: Store, place: Attempt, name: string): Promise<void> {
  await removeObject(store, noteKey(place, name))
}

/** The note goes last: as long as it stands, the upload can be aborted again. */
export async function abandonUpload (store: Store, place: Attempt, note: MultipartNote): Promise<void> {
  await abortMultipart(store, resultKey(place.id, place.attempt, note.name), note.upload_id)
  await removeNote(store, place, note.name)
}

/** A digest instead of the name: a note's key must not grow with it. */
function noteKey ({ id, attempt }: Attempt, name: string): string {
  return multipartKey(id, attempt, createHash('sha256').update(name).digest('hex'))
}
