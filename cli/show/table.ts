import type { Output } from '../world.ts'

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
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all.map((row) =>
    `${row.map((cell, column) => column === row.length - 1 ? cell : cell.padEnd(widths[column]!)).join('  ').trimEnd()}\n`
  ).join('')
}
