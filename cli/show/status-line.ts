import type { Session } from '../session.ts'
import { fitColumns } from './fit-columns.ts'

/** How often a line on a terminal is drawn again. */
const REDRAW_MS = 200

export interface StatusLine {
  /** Whether it is drawn. */
  isLive: boolean
  /** What the line shows from now on. Outside of a terminal, nothing is shown. */
  show: (text: () => string) => void
  /** A line that stays, before the one that changes. */
  log: (line: string) => Promise<void>
  clear: () => void
}

/** A last line on a terminal that is drawn again and again, only with a carriage return and spaces. */
export function statusLine ({ err, env, quiet, json, note }: Session): StatusLine {
  const isLive = err.isTerminal && env['TERM'] !== 'dumb' && !quiet && !json
  let text: (() => string) | undefined
  let width = 0
  let timer: NodeJS.Timeout | undefined

  function draw (): void {
    if (text === undefined) return
    // A line that wraps could not be drawn over.
    const line = fitColumns(text(), err.columns() - 1)
    write(`\r${line.text}${' '.repeat(Math.max(width - line.width, 0))}`)
    width = line.width
  }
  function wipe (): void {
    if (width > 0) write(`\r${' '.repeat(width)}\r`)
    width = 0
  }
  function write (line: string): void {
    err.write(line).catch(() => {})
  }

  return {
    isLive,
    show (next) {
      if (!isLive) return
      text = next
      if (timer !== undefined) return
      timer = setInterval(draw, REDRAW_MS).unref()
      draw()
    },
    async log (line) {
      wipe()
      await note(line)
      draw()
    },
    clear () {
      clearInterval(timer)
      timer = undefined
      text = undefined
      wipe()
    }
  }
}
