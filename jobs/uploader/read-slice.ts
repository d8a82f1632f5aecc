import type { FileHandle } from 'node:fs/promises'
import type { Slice } from './slices-of.ts'

const CHUNK = 256 * 1024

/** The bytes of a slice; fewer when the file ends before. (A ReadStream that is broken off would close the file.) */
export async function * readSlice (file: FileHandle, { start, size }: Slice): AsyncGenerator<Buffer> {
  let left = size
  while (left > 0) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(CHUNK, left)), {
      position: start + size - left
    })
    if (bytesRead === 0) return
    left -= bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
