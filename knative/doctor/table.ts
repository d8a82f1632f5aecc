import type { Row, Verdict } from './row.ts'

const TITLES: [string, string, string, string] = ['CHECK', '', 'WHAT WAS SEEN', 'HOW TO MEND IT']
/** Characters of the third column; the last one has commands to copy and is never broken. */
const WIDTH = 72

/** The rows as plain text in columns, with how many there are of each verdict below. */
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

/** Broken between words; a key of the store may be longer than a line and stays whole. */
function wrapped (text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
