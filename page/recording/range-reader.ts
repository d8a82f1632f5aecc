import { ask } from '../api/ask.ts'
import type { ResultFile } from '../api/shapes.ts'
import { resultPath } from '../files/result-path.ts'

/** Reads pieces of a result file, as @mcap/core asks for them. `passed` hears how many bytes they are so far. */
export function rangeReader (
  id: string,
  file: ResultFile,
  signal: AbortSignal,
  passed: (bytes: number) => void
) {
  let sum = 0
  return {
    size: async (): Promise<bigint> => BigInt(file.size),
    async read (offset: bigint, length: bigint): Promise<Uint8Array> {
      if (length === 0n) return new Uint8Array()
      const end = offset + length - 1n
      const answer = await ask(resultPath(id, file.name), {
        headers: { range: `bytes=${offset}-${end}`, 'if-match': `"${file.sha256}"` },
        signal
      })
      if (answer.headers.get('content-range') !== `bytes ${offset}-${end}/${file.size}`) {
        // Not read: it may be the whole file.
        await answer.body?.cancel()
        throw new Error('The server has answered with another range than it was asked for')
      }
      const bytes = new Uint8Array(await answer.arrayBuffer())
      sum += bytes.length
      passed(sum)
      return bytes
    }
  }
}
