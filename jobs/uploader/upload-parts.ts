import type { FileHandle } from 'node:fs/promises'
import type { Ask } from './ask-service.ts'
import { sendSlice, type Sent } from './send-slice.ts'
import { slicesOf } from './slices-of.ts'

/** A multipart upload as result-upload offers it, with the parts that are there already. */
export interface PartsOffer {
  upload_id: string
  part_size: number
  parts: { number: number, size: number, sha256?: string }[]
}

export interface LargeFile {
  name: string
  size: number
  sha256: string
  file: FileHandle
  digests: string[]
}

/**
 * Sends the parts that are not there yet and has them made one file. A part that is there was sent for this very
 * sha256; should it not be that of `digests` even so, the store refuses at the end, and all begins anew.
 */
export async function uploadParts (
  ask: Ask,
  { name, size, sha256, file, digests }: LargeFile,
  { upload_id: uploadId, part_size: partSize, parts }: PartsOffer,
  log: (line: string) => void
): Promise<Sent> {
  const there = new Map(parts.map((part) => [part.number, part]))
  for (const [at, slice] of slicesOf(size, partSize).entries()) {
    const part = { number: at + 1, size: slice.size, sha256: digests[at] }
    const known = there.get(part.number)
    if (known?.size === part.size && (known.sha256 ?? part.sha256) === part.sha256) continue
    const { status, body: grant } = await ask('POST', 'upload/part', { name, upload_id: uploadId, ...part })
    if (status !== 200) return 'again'
    const sent = await sendSlice(file, slice, grant, log)
    if (sent !== 'sent') return sent
  }
  const { status } = await ask('POST', 'upload/complete', { name, size, sha256, upload_id: uploadId, parts: digests })
  return status === 200 ? 'sent' : 'again'
}
