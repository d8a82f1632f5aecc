import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { readSlice } from './read-slice.ts'
import { slicesOf } from './slices-of.ts'

/** The sha256 of a file, lower-case hex. */
export async function digestFile (file: FileHandle, size: number): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of readSlice(file, { start: 0, size })) hash.update(bytes)
  return hash.digest('hex')
}

/** The sha256 of every part of a file, in order, and of the whole as it was read just then. */
export async function digestParts (
  file: FileHandle,
  size: number,
  partSize: number
): Promise<{ whole: string, parts: string[] }> {
  const whole = createHash('sha256')
  const parts: string[] = []
  for (const slice of slicesOf(size, partSize)) {
    const part = createHash('sha256')
    for await (const bytes of readSlice(file, slice)) {
      part.update(bytes)
      whole.update(bytes)
    }
    parts.push(part.digest('hex'))
  }
  return { whole: whole.digest('hex'), parts }
}
