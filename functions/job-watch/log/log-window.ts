import { crc32 } from 'node:zlib'

/** A log has no more of the memory than what is kept of it when the job has ended: shared/kubernetes/end-of-log.ts. */
const MOST_BYTES = 10 * 1024 * 1024

/** A line that goes on for longer is cut, and its parts count as lines. */
export const LONGEST_LINE = 64 * 1024

/** So many bytes before a place in a log tell it from other places. */
const MARK_BYTES = 256

/** How many lines a search looks at: it stops the whole process, for some tens of milliseconds. */
const SEARCHED_LINES = 30_000

const SMALL_BLOCK = 16 * 1024
const NEWLINE = 0x0a

/** What the windows of a process may have together; `left` is what no window has. */
export interface LogMemory {
  left: number
}

/** A place in the log of a container: between two lines. */
export interface Place {
  /** The bytes of the log before it. */
  offset: number
  /** A checksum of the bytes before it, at most 256. */
  mark: number
}

export interface Lines {
  /** Whole lines, each with its end, if it has one. */
  bytes: Buffer
  /** How many lines before these are no longer there. */
  skipped: number
  /** The place after them. */
  end: Place
  /** The number of lines up to there, counted from the begin of the window. */
  line: number
}

/** The bytes of one or more whole lines. A line that is cut is a block without an end. */
interface Block {
  offset: number
  /** The number of its first line, counted from the begin of the window. */
  line: number
  lines: number
  bytes: Buffer
}

export type LogWindow = ReturnType<typeof logWindow>

/**
 * The end of a log in memory. Bytes are added at its end, and lines leave it at its begin when it has more than its
 * share. Any number of readers read from it, each at its own place.
 * @param begin the offset of its first byte in the log
 */
export function logWindow (memory: LogMemory, begin = 0) {
  let blocks: Block[] = []
  /** The begin of a line whose end has not come yet. */
  let open: Buffer = Buffer.alloc(0)
  let size = 0
  let end = begin
  let lines = 0
  /** The bytes before the first block, as far as a mark needs them. */
  let before: Buffer = Buffer.alloc(0)
  /** Where the bytes that follow one another begin: no mark reaches over a gap. */
  let joined = 0
  let isClosed = false

  const start = (): number => blocks[0]?.offset ?? end

  function take (bytes: Buffer, isLine: boolean): void {
    const count = isLine ? countOf(bytes) : 1
    const last = blocks.at(-1)
    const isNext = last !== undefined && last.line + last.lines === lines && last.bytes.at(-1) === NEWLINE
    if (isNext && isLine && last.bytes.length + bytes.length <= SMALL_BLOCK) {
      last.bytes = Buffer.concat([last.bytes, bytes])
      last.lines += count
    } else {
      // A copy, because a part of a chunk would keep the whole of it.
      blocks.push({ offset: end, line: lines, lines: count, bytes: Buffer.from(bytes) })
    }
    end += bytes.length
    lines += count
    size += bytes.length
    memory.left -= bytes.length
    while (blocks.length > 1 && (size > MOST_BYTES || memory.left < 0)) drop()
  }

  function drop (): void {
    const { bytes } = blocks.shift()!
    before = Buffer.from(Buffer.concat([before, bytes.subarray(-MARK_BYTES)]).subarray(-MARK_BYTES))
    size -= bytes.length
    memory.left += bytes.length
  }

  /** How many bytes the mark of an offset is made of. */
  const marked = (offset: number): number => Math.min(MARK_BYTES, offset < joined ? offset : offset - joined)

  /** The bytes before an offset within the window that its mark is made of, as far as they are known. */
  function bytesBefore (offset: number): Buffer {
    const parts: Buffer[] = []
    let missing = marked(offset)
    for (let at = indexOf(offset - 1); at >= 0 && missing > 0; at--) {
      const block = blocks[at]!
      const part = block.bytes.subarray(0, offset - block.offset).subarray(-missing)
      parts.unshift(part)
      missing -= part.length
    }
    if (missing > 0) parts.unshift(before.subarray(-missing))
    return Buffer.concat(parts)
  }

  /** The index of the block with this byte; -1 when it is before the window. */
  function indexOf (offset: number): number {
    let [low, high] = [0, blocks.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (blocks[middle]!.offset <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** Whether the bytes before an offset are the marked ones. Where too few of them are known, they are believed. */
  function fits (offset: number, mark: number): boolean {
    const bytes = bytesBefore(offset)
    return bytes.length < marked(offset) || crc32(bytes) === mark
  }

  /**
   * The end of the line with the marked bytes before it, among the last lines. `undefined` when there is none, and when
   * there are several: of a log that repeats itself nobody knows which of them was meant.
   */
  function search (mark: number): number | undefined {
    let found: number | undefined
    let left = SEARCHED_LINES
    for (let index = blocks.length - 1; index >= 0; index--) {
      const { offset, bytes } = blocks[index]!
      for (let at = bytes.length; at > 0; at = at === 1 ? 0 : bytes.lastIndexOf(NEWLINE, at - 2) + 1) {
        if (left-- === 0) return found
        const before = at >= MARK_BYTES ? bytes.subarray(at - MARK_BYTES, at) : bytesBefore(offset + at)
        if (crc32(before) !== mark) continue
        if (found !== undefined) return undefined
        found = offset + at
      }
    }
    return found
  }

  return {
    /** The number of lines so far, counted from the begin of the window. */
    lines: () => lines,
    /** The offset after the last byte, also of a line without its end. */
    size: () => end + open.length,

    add (chunk: Buffer): void {
      if (isClosed) return
      const bytes = open.length === 0 ? chunk : Buffer.concat([open, chunk])
      /** Where the lines begin that are not taken yet, and where the next of them begins. */
      let [from, at] = [0, 0]
      for (;;) {
        const next = bytes.indexOf(NEWLINE, at)
        if ((next === -1 ? bytes.length : next + 1) - at > LONGEST_LINE) {
          if (at > from) take(bytes.subarray(from, at), true)
          const length = wholeCharacters(bytes.subarray(at), LONGEST_LINE)
          take(bytes.subarray(at, at + length), false)
          from = at += length
        } else if (next === -1) {
          break
        } else {
          at = next + 1
        }
      }
      if (at > from) take(bytes.subarray(from, at), true)
      open = Buffer.from(bytes.subarray(at))
    },

    /** Nothing more will come: a line without an end is a line, too. */
    finish (): void {
      if (open.length > 0) take(open, false)
      open = Buffer.alloc(0)
    },

    /** Gives back the memory. */
    close (): void {
      isClosed = true
      memory.left += size
      size = 0
      blocks = []
      open = Buffer.alloc(0)
    },

    /** The last bytes, which tell whether another log is the same up to here. */
    tail (): Buffer {
      return Buffer.concat([bytesBefore(end), open]).subarray(-MARK_BYTES)
    },

    /** Notes that lines of the log are lost here, nobody knows how many: a reader skips one at least. */
    gap (): void {
      this.finish()
      lines++
      joined = end
    },

    /** Where a reader begins that has read nothing. */
    first: (): { offset: number, line: number } => ({ offset: begin, line: begin > 0 ? -1 : 0 }),

    /** Where a reader goes on that has missed lines, nobody knows how many. */
    afterGap: (): { offset: number, line: number } => ({ offset: start(), line: (blocks[0]?.line ?? lines) - 1 }),

    /** The place where the last lines begin. */
    last (count: number): Place & { line: number } {
      let wanted = Math.max(lines - count, blocks[0]?.line ?? lines)
      for (const block of blocks) {
        if (wanted >= block.line + block.lines) continue
        wanted = Math.max(wanted, block.line)
        let at = 0
        for (let line = block.line; line < wanted; line++) at = block.bytes.indexOf(NEWLINE, at) + 1
        return { ...placeAt(block.offset + at), line: wanted }
      }
      return { ...placeAt(end), line: lines }
    },

    /**
     * Where a reader goes on that has read up to a place, perhaps in another process. `undefined` when the place is not
     * in the window: the reader has missed lines, or the place is of another log. Another process may have counted the
     * bytes from the begin of a file that was rotated since; then the place is after the window, or does not fit.
     */
    find ({ offset, mark }: Place): { offset: number, line: number } | undefined {
      if (offset < start()) return undefined
      if (offset <= end && fits(offset, mark)) return { offset, line: lineAt(offset) }
      const found = search(mark)
      return found === undefined ? undefined : { offset: found, line: lineAt(found) }
    },

    /** The lines from a place on, up to 64 KiB. */
    read ({ offset, line }: { offset: number, line: number }): Lines | undefined {
      const from = Math.max(offset, start())
      if (from >= end) return undefined
      const block = blocks[indexOf(from)]!
      const all = block.bytes.subarray(from - block.offset)
      const fit = all.length <= LONGEST_LINE ? all.length : all.lastIndexOf(NEWLINE, LONGEST_LINE - 1) + 1
      const bytes = all.subarray(0, fit)
      const first = lineAt(from)
      return {
        bytes,
        skipped: Math.max(first - line, 0),
        end: placeAt(from + bytes.length),
        line: first + (bytes.at(-1) === NEWLINE ? countOf(bytes) : 1)
      }
    }
  }

  function lineAt (offset: number): number {
    if (offset >= end) return lines
    const block = blocks[indexOf(offset)]
    if (block === undefined) return blocks[0]?.line ?? lines
    return block.line + countOf(block.bytes.subarray(0, offset - block.offset))
  }

  function placeAt (offset: number): Place {
    return { offset, mark: crc32(bytesBefore(offset)) }
  }
}

function countOf (bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++
  return count
}

/** How many of the bytes may be cut off so that no UTF-8 character is cut. */
function wholeCharacters (bytes: Buffer, most: number): number {
  for (let back = 0; back < 3; back++) if ((bytes[most - back]! & 0b1100_0000) !== 0b1000_0000) return most - back
  return most
}
