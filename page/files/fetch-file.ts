import { ask } from '../api/ask.ts'
import { isFinal } from '../api/refusal.ts'
import type { ResultFile } from '../api/shapes.ts'
import { backOff, pause } from '../live/pause.ts'
import { resultPath } from './result-path.ts'
import { type PartStore, partsInMemory, partsOnDisk } from './part-store.ts'
import { PART, partsOf } from './parts-of.ts'
import { sha256 } from './sha256.ts'

/** How often in a row a part may break off. */
const MOST_FAILURES = 5

export interface Watch {
  /** The bytes that are here by now. */
  passed: (bytes: number) => void
  checking: () => void
}

/**
 * Fetches a file in parts, those that are missing, and compares the whole with its sha256. A part that breaks off is
 * fetched again; another file under the same name is refused by the server, because each request names the sha256.
 */
export async function fetchFile (
  id: string,
  file: ResultFile,
  watch: Watch,
  signal: AbortSignal
): Promise<Blob> {
  const store = (file.size > PART ? await partsOnDisk(file.sha256) : undefined) ?? partsInMemory()
  const parts = partsOf(file.size)
  for (const part of parts) {
    if (!await store.has(part)) await fetchPart(id, file, part, store, watch, signal)
    watch.passed(part.end + 1)
  }
  watch.checking()
  const whole = await store.join(parts, 'application/octet-stream')
  if (await digestOf(whole, signal) === file.sha256) return whole
  await store.clear()
  throw new Error('The bytes do not have the sha256 of the list. They are thrown away: download the file again')
}

async function fetchPart (
  id: string,
  file: ResultFile,
  part: ReturnType<typeof partsOf>[number],
  store: PartStore,
  { passed }: Watch,
  signal: AbortSignal
): Promise<void> {
  const { start, end } = part
  for (let failures = 0; ;) {
    try {
      const answer = await ask(resultPath(id, file.name), {
        headers: { range: `bytes=${start}-${end}`, 'if-match': `"${file.sha256}"` },
        signal
      })
      const isAll = answer.status === 200 && start === 0 && end === file.size - 1
      if (!isAll && answer.headers.get('content-range') !== `bytes ${start}-${end}/${file.size}`) {
        throw new Error('The server has answered with another range than it was asked for')
      }
      let here = start
      const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform (chunk, controller) {
          here += chunk.length
          passed(here)
          controller.enqueue(chunk)
        }
      })
      await store.write(part, answer.body!.pipeThrough(counted))
      if (here !== end + 1) throw new Error('The server has sent another number of bytes than it should')
      return
    } catch (error) {
      if (signal.aborted || isFinal(error) || isChanged(error) || ++failures > MOST_FAILURES) throw error
      passed(start)
      await pause(backOff(failures), signal)
    }
  }
}

/** Whether there is another file under this name by now: 412. */
export function isChanged (error: unknown): boolean {
  return (error as { problem?: { status: number } }).problem?.status === 412
}

async function digestOf (blob: Blob, signal: AbortSignal): Promise<string> {
  const hash = sha256()
  const reader = blob.stream().getReader()
  for (;;) {
    const { done, value } = await reader.read()
    signal.throwIfAborted()
    if (done) return hash.hex()
    hash.update(value)
  }
}
