import { problem } from '../../../shared/http/problem.ts'
import { resultKey } from '../../../shared/store/bucket-layout.ts'
import type { Attempt } from '../attempt.ts'
import { toChecksum } from '../checksum.ts'
import { readNote, rightNote } from './multipart-note.ts'
import type { Deps } from '../offer-upload.ts'
import { sizeOfPart } from './part-size.ts'
import type { Grant } from '../presign.ts'

/** Leave to send exactly that part of an upload that is under way. */
export async function grantPart (
  { store, presign }: Pick<Deps, 'store' | 'presign'>,
  place: Attempt,
  part: { name: string, upload_id: string, number: number, size: number, sha256: string }
): Promise<Grant> {
  const note = rightNote(place, await readNote(store, place, part.name), part.upload_id)
  const size = sizeOfPart(note, part.number)
  if (part.size !== size || size === 0) {
    const [field, message] = size === 0
      ? ['number', 'is beyond the end of the file']
      : ['size', `must be ${size} for this part`]
    throw problem('upload-refused', `${field}: ${message}`, { job_uuid: place.id, errors: [{ field, message }] })
  }
  const headers = { 'content-length': String(size), 'x-amz-checksum-sha256': toChecksum(part.sha256) }
  return await presign(resultKey(place.id, place.attempt, part.name), headers, {
    partNumber: String(part.number),
    uploadId: part.upload_id
  })
}
