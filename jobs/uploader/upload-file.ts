import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ask } from './ask-service.ts'
import { backOff } from './back-off.ts'
import { digestFile, digestParts } from './digest.ts'
import { identify } from './identify.ts'
import { openResult } from './open-result.ts'
import type { FoundFile } from './scan-results.ts'
import { sendSlice } from './send-slice.ts'
import { uploadParts } from './upload-parts.ts'

/** `changed`: the file is no longer the one that was found. */
export type Outcome = 'stored' | 'changed' | { refused: string }

/**
 * Uploads a file as it was found, however long the service or the store are away; only a change of the file ends that.
 */
export async function uploadFile (ask: Ask, found: FoundFile, log: (line: string) => void): Promise<Outcome> {
  const file = await openResult(found).catch((error: NodeJS.ErrnoException) => ({
    refused: `it cannot be opened: ${error.code}`
  }))
  if (file === undefined) return 'changed'
  if ('refused' in file) return file
  try {
    return await upload(ask, found, file, log)
  } finally {
    await file.close()
  }
}

async function upload (
  ask: Ask,
  found: FoundFile,
  file: FileHandle,
  log: (line: string) => void
): Promise<Outcome> {
  const { name, size } = found
  const sha256 = await digestFile(file, size)
  let digests: string[] | undefined
  for (let tried = 0; ; tried++) {
    const { status, body: offer } = await ask('POST', 'upload', { name, size, sha256 })
    if (status !== 200) return { refused: offer.detail }
    if (offer.state === 'stored') return 'stored'
    let sent
    if (offer.state === 'granted') {
      sent = await sendSlice(file, { start: 0, size }, offer, log)
    } else {
      if (digests === undefined) {
        const { whole, parts } = await digestParts(file, size, offer.part_size)
        if (whole !== sha256) return 'changed'
        digests = parts
      }
      sent = await uploadParts(ask, { name, size, sha256, file, digests }, offer, log)
    }
    if (sent === 'sent') return 'stored'
    if (sent === 'changed' || identify(await file.stat({ bigint: true })) !== found.identity) return 'changed'
    await sleep(backOff(tried))
  }
}
