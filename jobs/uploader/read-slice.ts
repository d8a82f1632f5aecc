import type { FileHandle } from 'node:fs/promises'
import type { Slice } from './slices-of.ts'

const CHUNK = 256 * 1024

/**
 * The bytes of a slice; fewer when the file ends before. Each chunk is good until the next one is asked for: two
 * buffers take turns, and while one is used the other one is filled. New memory for each chunk would cost a third of
 * the time that a hash takes. (A ReadStream that is broken off would close the file.)
 */
export async function * readSlice (file: FileHandle, { start, size }: Slice): AsyncGenerator<Buffer> {
  const end = start + size
  const length = Math.min(CHUNK, size)
  const buffers = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)] as const
  let turn = 0
  const readAt = async (position: number): Promise<Buffer> => {
    turn = 1 - turn
    const buffer = buffers[turn]!
    const { bytesRead } = await file.read(buffer, { position, length: Math.min(length, end - position) })
    return buffer.subarray(0, bytesRead)
  }

  let next = readAt(start)
  for (let at = start; at < end;) {
    const bytes = await next
    if (bytes.length === 0) return
    at += bytes.length
    if (at < end) {
      next = readAt(at)
      // It may fail while the chunk before it is used, and is awaited after that.
      next.catch(() => {})
    }
    yield bytes
  }
}
