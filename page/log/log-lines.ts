import { withoutAnsi } from './without-ansi.ts'

/** Lines in a block: the browser lays out only the blocks that are in view. */
export const BLOCK = 500
/** A tab must not grow without end: of a longer log the page shows the last lines. */
export const MOST_LINES = 200_000

/** The lines of a log in blocks. All of them are in the page, so that its search finds each of them. */
export interface LogLines {
  blocks: { first: number, text: string, lines: number }[]
  count: number
  /** How many lines before the first are not shown. */
  leftOut: number
}

export const NO_LINES: LogLines = { blocks: [], count: 0, leftOut: 0 }

/** Adds lines at the end. Blocks that do not change stay the same objects. */
export function withLines ({ blocks, count, leftOut }: LogLines, added: string[]): LogLines {
  const next = [...blocks]
  for (let at = 0; at < added.length;) {
    const last = next.at(-1)
    const open = last !== undefined && last.lines < BLOCK ? last : undefined
    const taken = added.slice(at, at + BLOCK - (open?.lines ?? 0))
    const text = taken.map(withoutAnsi).join('\n')
    at += taken.length
    if (open === undefined) next.push({ first: leftOut + count + 1 + at - taken.length, text, lines: taken.length })
    else next[next.length - 1] = { ...open, text: `${open.text}\n${text}`, lines: open.lines + taken.length }
  }
  let shown = count + added.length
  let gone = leftOut
  while (shown > MOST_LINES && next.length > 1) {
    const { lines } = next.shift()!
    shown -= lines
    gone += lines
  }
  return { blocks: next, count: shown, leftOut: gone }
}

/** Notes lines that the server has not sent, because they came too fast. */
export function withGap (log: LogLines, skipped: number): LogLines {
  return withLines(log, [`… ${skipped} lines are left out here: the log as a file has them …`])
}

/** The lines of a text. A line feed at its end begins no line. */
export function linesOf (text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
