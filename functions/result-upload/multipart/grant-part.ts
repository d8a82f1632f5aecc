import { problem } from '../../../shared/http/problem.ts'
import { sizeOfPart } from '../../../shared/results/part-size.ts'
import { contentKey } from '../../../shared/store/bucket-layout.ts'
import type { Attempt } from '../attempt.ts'
import { toChecksum } from '../content.ts'
import type { Deps } from '../offer.ts'
import type { Grant } from '../presign.ts'
import { readNote, rightNote } from './multipart-note.ts'

interface Part {
  /** Of the whole. */
  sha256: string
  upload_id: string
  number: number
  size: number
  part_sha256: string
}

/** Leave to send exactly that part of an upload that is under way. */
export async function grantPart (
  { store, presign }: Pick<Deps, 'store' | 'presign'>,
  place: Attempt,
  part: Part
): Promise<Grant> {
  const note = rightNote(place, await readNote(store, place, part.sha256), part.upload_id)
  const size = sizeOfPart(note, part.number)
  if (part.size !== size || size === 0) {
    const [field, message] = size === 0
      ? ['number', 'is beyond the end of the file']
      : ['size', `must be ${size} for this part`]
    throw problem('upload-refused', `${field}: ${message}`, { job_uuid: place.id, errors: [{ field, message }] })
  }
  const headers = { 'content-length': String(size), 'x-amz-checksum-sha256': toChecksum(part.part_sha256) }
  return presign(contentKey(place.id, place.attempt, part.sha256), headers, {
    partNumber: String(part.number),
    uploadId: part.upload_id
  })
}
