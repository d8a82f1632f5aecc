/**
 * The chunks of a body. When none comes for so long, the connection is given up with a TimeoutError: it may be dead,
 * whatever the system thinks of it. The time that the reader takes with a chunk does not count.
 */
export async function * chunksWithin (
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ms: number
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  let silence: DOMException | undefined
  try {
    for (;;) {
      const alarm = setTimeout(() => {
        silence = new DOMException('nothing came in time', 'TimeoutError')
        reader.cancel(silence).catch(() => {})
      }, ms)
      const { done, value } = await reader.read().finally(() => clearTimeout(alarm))
      if (silence !== undefined) throw silence
      if (done) return
      yield value
    }
  } finally {
    // A reader that goes away in the middle needs no more of it.
    reader.cancel().catch(() => {})
  }
}
