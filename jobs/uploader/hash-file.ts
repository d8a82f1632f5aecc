import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { identify } from './identify.ts'
import { openResult } from './open-result.ts'
import { readSlice } from './read-slice.ts'
import type { FoundFile } from './scan-results.ts'

/** Files up to this size are kept in memory between hashing and sending, and simply read again at the end. Bytes. */
export const SMALL = 64 * 1024

export interface Hashed {
  size: number
  sha256: string
  /** The bytes of a small file. */
  bytes?: Buffer
  /** Whether equal times mean equal bytes from now on. */
  isFixed: boolean
}

export interface How {
  /** The workload has ended: nothing writes any more. */
  ended: boolean
  /** The volume shows writes through a mapping when a file has been synced. */
  syncable: boolean
  /** The file is taken as it is just now, although the workload writes on. */
  asItIs: boolean
}

/** The sha256 of a file as it was found; `changed` when it is another one by now. Rejects when it cannot be read. */
export async function hashFile (found: FoundFile, how: How): Promise<Hashed | 'changed'> {
  const file = await openResult(found, how)
  if (file === undefined) return 'changed'
  try {
    const canBeFixed = how.ended || (how.syncable && found.size > SMALL && !how.asItIs)
    if (canBeFixed && !how.ended) await file.datasync()
    const hashed = await hash(file, found.size)
    if (hashed === undefined) return 'changed'
    const unchanged = how.asItIs || identify(await file.stat({ bigint: true })) === found.identity
    return unchanged ? { ...hashed, size: found.size, isFixed: canBeFixed } : 'changed'
  } finally {
    await file.close()
  }
}

/** `undefined` when there are fewer bytes than there were. */
async function hash (file: FileHandle, size: number): Promise<{ sha256: string, bytes?: Buffer } | undefined> {
  const sha256 = createHash('sha256')
  const kept: Buffer[] = []
  let read = 0
  for await (const bytes of readSlice(file, { start: 0, size })) {
    sha256.update(bytes)
    read += bytes.length
    if (size <= SMALL) kept.push(Buffer.from(bytes))
  }
  if (read !== size) return undefined
  return { sha256: sha256.digest('hex'), ...(size <= SMALL && { bytes: Buffer.concat(kept) }) }
}
