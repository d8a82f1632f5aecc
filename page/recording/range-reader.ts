import { ask } from '../api/ask.ts'
import type { ResultFile } from '../api/shapes.ts'
import { resultPath } from '../files/result-path.ts'

/** Reads pieces of a result file, as @mcap/core asks for them. `passed` counts the bytes. */
export function rangeReader (id: string, file: ResultFile, signal: AbortSignal) {
  let passed = 0
  return {
    passed: () => passed,
    size: async (): Promise<bigint> => BigInt(file.size),
    async read (offset: bigint, length: bigint): Promise<Uint8Array> {
      if (length === 0n) return new Uint8Array()
      const answer = await ask(resultPath(id, file.name), {
        headers: { range: `bytes=${offset}-${offset + length - 1n}`, 'if-match': `"${file.sha256}"` },
        signal
      })
      const bytes = new Uint8Array(await answer.arrayBuffer())
      if (BigInt(bytes.length) !== length) throw new Error('The server has answered with another range than it was asked for')
      passed += bytes.length
      return bytes
    }
  }
}
