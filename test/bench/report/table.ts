import type { Judged } from '../judge.ts'
import type { Rounds } from '../measure.ts'
import type { Row } from '../row.ts'

/** A row with what came of it. */
export type Measured =
  | { row: Row, lines: Judged[], rounds: Rounds, failure?: never }
  | { row: Row, failure: string }

/** The lines of a row as a table of Markdown. */
export function tableOf (lines: Judged[]): string {
  return [
    '| what | min | median | max | reach | then | |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines.map((line) => `| ${[
      line.what,
      figure(line.min, line.unit),
      `**${figure(line.median, line.unit)}**`,
      figure(line.max, line.unit),
      target(line.reach, line),
      target(line.then, line),
      verdict(line)
    ].join(' | ')} |`)
  ].join('\n')
}

/** Three digits are more than a run can tell. */
export function figure (value: number, unit?: string): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2
  return `${value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, ',')}${unit === undefined ? '' : ` ${unit}`}`
}

function target (value: number | undefined, { unit, better }: Judged): string {
  return value === undefined ? '–' : `${better === 'more' ? '≥' : '≤'} ${figure(value, unit)}`
}

export function verdict ({ reached, reachedThen }: Judged): string {
  if (reached === undefined) return '–'
  if (!reached) return 'not reached'
  return reachedThen ? 'reached, and then' : 'reached'
}
