import { readAll } from '../../../shared/http/bodies/read-all.ts'
import { streamObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

const STEP = 256 * 1024
const NEWLINE = 0x0a

/** The bytes of the last lines of an object, read from its end on. A last line without its end is a line, too. */
export async function tailRange (
  store: Store,
  key: string,
  { size, etag }: { size: number, etag: string },
  lines: number
): Promise<{ start: number, end: number }> {
  const end = size - 1
  if (lines === 0) return { start: size, end }
  let missing = lines
  for (let to = size; to > 0;) {
    const from = Math.max(to - STEP, 0)
    const stream = await streamObject(store, key, { etag, range: { start: from, end: to - 1 } })
    // Replaced meanwhile: that is found when its bytes are opened.
    if (stream === undefined) break
    const bytes = await readAll(stream)
    // The end of the last line begins no line.
    let at = to === size && bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length
    while (at > 0) {
      at = bytes.lastIndexOf(NEWLINE, at - 1)
      if (at === -1) break
      if (--missing === 0) return { start: from + at + 1, end }
    }
    to = from
  }
  return { start: 0, end }
}
