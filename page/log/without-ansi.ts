/** Escape sequences of terminals (ECMA-48): colours, and what moves a cursor. */
// eslint-disable-next-line no-control-regex
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g

/** A line as plain text. What a carriage return would have overwritten, such as a progress bar, is left out. */
export function withoutAnsi (line: string): string {
  const plain = line.includes('\x1b') ? line.replace(SEQUENCES, '') : line
  const end = plain.endsWith('\r') ? plain.slice(0, -1) : plain
  return end.slice(end.lastIndexOf('\r') + 1)
}
