import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { atMost } from '../../shared/flow/at-most.ts'
import type { Ask } from './ask-service.ts'
import { exactly, putContent, type Sent } from './put-content.ts'
import { readSlice } from './read-slice.ts'
import { type Slice, slicesOf } from './slices-of.ts'

/** A multipart upload as result-upload offers it, with the parts that are there already. */
export interface PartsOffer {
  upload_id: string
  part_size: number
  parts: { number: number, size: number, sha256?: string }[]
}

/** Parts that are on their way at once, while the next one is hashed. */
const IN_FLIGHT = 4

/**
 * Sends the parts that are not there yet, and has them made one file. Each part is hashed right before it is sent, and
 * the whole with it: only when that is still the sha256 that was offered, the parts are this file.
 */
export async function uploadParts (
  ask: Ask,
  { file, size, sha256 }: { file: FileHandle, size: number, sha256: string },
  { upload_id: uploadId, part_size: partSize, parts }: PartsOffer,
  { signal, log }: { signal: AbortSignal, log: (line: string) => void }
): Promise<Sent> {
  const there = new Map(parts.map((part) => [part.number, part]))
  const inFlight = atMost(IN_FLIGHT)
  const whole = createHash('sha256')
  const digests: string[] = []
  const sending: Promise<Sent>[] = []
  let failed: Sent | undefined

  for (const [at, slice] of slicesOf(size, partSize).entries()) {
    if (failed !== undefined || signal.aborted) break
    const part = createHash('sha256')
    for await (const bytes of readSlice(file, slice)) {
      part.update(bytes)
      whole.update(bytes)
    }
    const digest = part.digest('hex')
    digests.push(digest)
    const known = there.get(at + 1)
    if (known?.size === slice.size && (known.sha256 ?? digest) === digest) continue
    // Not more than a few parts ahead of the store.
    const slot = Promise.withResolvers<void>()
    const sent = inFlight(async () => {
      slot.resolve()
      return await send(at + 1, slice, digest)
    })
    sending.push(sent.then((outcome) => {
      if (outcome !== 'stored') failed ??= outcome
      return outcome
    }))
    await slot.promise
  }
  await Promise.all(sending)
  if (failed !== undefined) return failed
  if (signal.aborted) return 'again'
  if (whole.digest('hex') !== sha256) return 'changed'
  const { status } = await ask('POST', 'upload/complete', { size, sha256, upload_id: uploadId, parts: digests })
  return status === 200 ? 'stored' : 'again'

  async function send (number: number, slice: Slice, digest: string): Promise<Sent> {
    const asked = { sha256, upload_id: uploadId, number, size: slice.size, part_sha256: digest }
    const { status, body: grant } = await ask('POST', 'upload/part', asked)
    if (status !== 200) return 'again'
    return await putContent(exactly(slice.size, readSlice(file, slice)), grant, { signal, log })
  }
}
