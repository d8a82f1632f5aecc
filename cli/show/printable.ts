/**
 * A text from the server or from a job, as one line that is safe to print: control characters could move the cursor,
 * and characters that change the direction of text could show another name than the real one.
 */
export function printable (text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, escaped)
}

/** The same for text with lines and colours: tabs, line ends and colours are kept. */
export function printableLines (text: string): string {
  // eslint-disable-next-line no-control-regex -- a colour begins with one
  return text.replace(/\u001b\[[0-9;]*m|\r?\n|\t|[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (found) =>
    found.length > 1 || found === '\n' || found === '\t' ? found : escaped(found))
}

function escaped (char: string): string {
  const code = char.charCodeAt(0)
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
}
