import type { Row, Verdict } from './row.ts'

const TITLES: [string, string, string, string] = ['CHECK', '', 'FINDING', 'HOW TO FIX IT']
/** Characters of the third column. The last column has commands to copy and is never wrapped. */
const WIDTH = 72

/** The rows as plain text in columns, followed by the number of rows of each verdict. */
export function table (rows: Row[]): string {
  const lines = [TITLES, ...rows.map(({ check, verdict, seen, mend }): typeof TITLES => [check, verdict, seen, mend])]
    .flatMap(([check, verdict, seen, mend]) =>
      wrapped(seen).map((part, at) => at === 0 ? [check, verdict, part, mend] : ['', '', part, ''])
    )
  const widths = [0, 1, 2].map((column) =>
    Math.max(...lines.map((line) => line[column]!.length).filter((length) => length <= WIDTH))
  )
  const text = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd())
  const count = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length
  return [...text, '', `${count('works')} work, ${count('degraded')} degraded, ${count('broken')} broken`].join('\n')
}

/** Wraps between words. A word that is longer than a line, such as a key of the store, stays whole. */
function wrapped (text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
