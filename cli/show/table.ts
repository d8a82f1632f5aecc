import type { Output } from '../world.ts'
import { fitColumns } from './fit-columns.ts'

/**
 * Rows for a person: columns that line up, under their titles. For a program: values with tabs between them, one row a
 * line, without titles.
 */
export function table (
  { isTerminal }: Pick<Output, 'isTerminal'>,
  titles: string[],
  rows: string[][]
): string {
  if (!isTerminal) return rows.map((row) => `${row.join('\t')}\n`).join('')
  const all = [titles, ...rows]
  const widths = titles.map((_, column) => all.reduce((most, row) => Math.max(most, widthOf(row[column]!)), 0))
  const padded = (cell: string, column: number): string => cell + ' '.repeat(widths[column]! - widthOf(cell))
  return all.map((row) => `${row.map(padded).join('  ').trimEnd()}\n`).join('')
}

/** How many columns of a terminal a text takes. */
function widthOf (text: string): number {
  return fitColumns(text, Infinity).width
}
