/** The width of help, for the narrowest terminals that people use. */
const WIDTH = 80

/** Breaks a text into lines of at most 80 columns, each after an indent. */
export function wrap (text: string, indent: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && indent + last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => ' '.repeat(indent) + line).join('\n')
}

/** Two columns, of which the right one is wrapped. */
export function columns (rows: [string, string][]): string {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4
  return rows.map(([name, text]) => `  ${name.padEnd(left - 2)}${wrap(text, left).trimStart()}\n`).join('')
}
