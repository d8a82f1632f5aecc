import { withoutAnsi } from './without-ansi.ts'

/** Lines in a block: the browser lays out only the blocks that are in view. */
export const BLOCK = 500
/** A block of long lines has fewer of them. */
const BLOCK_CHARS = 1024 * 1024
/** A tab must not grow without end: of a longer log the page shows the last lines. */
export const MOST_LINES = 200_000
export const MOST_CHARS = 32 * BLOCK_CHARS
/** A line that goes on for longer is shown as several. */
export const LONGEST_LINE = BLOCK_CHARS

interface Block {
  first: number
  text: string
  lines: number
}

/** The lines of a log in blocks. All of them are in the page, so that its search finds each of them. */
export interface LogLines {
  blocks: Block[]
  count: number
  /** How many lines before the first are not shown. */
  leftOut: number
  /** The last line as it has come so far, if its end has not come. */
  open?: string | undefined
}

export const NO_LINES: LogLines = { blocks: [], count: 0, leftOut: 0 }

/**
 * Adds lines at the end; the first of them goes on with a line that is open. Blocks that do not change stay the same
 * objects.
 */
export function withLines (log: LogLines, added: string[], isOpen = false): LogLines {
  if (added.length === 0) return log
  const begun = log.open !== undefined && log.open.length + added[0]!.length <= LONGEST_LINE ? log.open : undefined
  const { blocks, count, leftOut } = begun === undefined ? log : withoutLast(log)
  const lines = begun === undefined ? added : added.with(0, begun + added[0]!)
  const next = [...blocks]
  for (const [at, raw] of lines.entries()) {
    const line = withoutAnsi(raw)
    const last = next.at(-1)
    if (last === undefined || last.lines === BLOCK || last.text.length + line.length > BLOCK_CHARS) {
      next.push({ first: leftOut + count + 1 + at, text: line, lines: 1 })
    } else {
      next[next.length - 1] = { ...last, text: `${last.text}\n${line}`, lines: last.lines + 1 }
    }
  }
  const all = shortened({ blocks: next, count: count + lines.length, leftOut })
  return { ...all, open: isOpen ? lines.at(-1) : undefined }
}

/** A line that is none of the log. */
export function withNote (log: LogLines, note: string): LogLines {
  return withLines({ ...log, open: undefined }, [`… ${note} …`])
}

function withoutLast ({ blocks, count, leftOut }: LogLines): LogLines {
  const { text, lines, first } = blocks.at(-1)!
  const rest = lines === 1 ? [] : [{ first, text: text.slice(0, text.lastIndexOf('\n')), lines: lines - 1 }]
  return { blocks: [...blocks.slice(0, -1), ...rest], count: count - 1, leftOut }
}

function shortened ({ blocks, count, leftOut }: LogLines): LogLines {
  let chars = blocks.reduce((sum, { text }) => sum + text.length, 0)
  let from = 0
  for (; (count > MOST_LINES || chars > MOST_CHARS) && from < blocks.length - 1; from++) {
    const { lines, text } = blocks[from]!
    count -= lines
    leftOut += lines
    chars -= text.length
  }
  return { blocks: from === 0 ? blocks : blocks.slice(from), count, leftOut }
}

/** The lines of a text. A line feed at its end begins no line. */
export function linesOf (text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
