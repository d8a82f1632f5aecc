import type { McapIndexedReader } from '@mcap/core'

export type Readable = Parameters<typeof McapIndexedReader.Initialize>[0]['readable']

/**
 * Reads at most so many bytes of a file. The lengths and places in a recording are those that its writer wants: one
 * that is too long, or not in the file, must not be asked for.
 */
export function bounded (readable: Readable, most: number, tooMuch: string): Readable {
  let left = BigInt(most)
  return {
    size: async () => await readable.size(),
    async read (offset, length) {
      if (offset < 0n || length < 0n || offset + length > await readable.size()) {
        throw new Error('The recording is broken: it names bytes that it does not have')
      }
      if (length > left) throw new Error(tooMuch)
      left -= length
      return await readable.read(offset, length)
    }
  }
}
