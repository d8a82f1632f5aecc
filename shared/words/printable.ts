/** Characters that control a terminal, end a line, or change the direction of text. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * A text from the server or from a job, as one line that is safe to show: control characters could move the cursor of a
 * terminal, and characters that change the direction of text could show another name than the real one.
 */
export function printable (text: string): string {
  return text.replace(CONTROLS, escaped)
}

/** The same for text with lines and colours: tabs, line ends and colours are kept. */
export function printableLines (text: string): string {
  // eslint-disable-next-line no-control-regex -- a colour begins with one
  return text.split(/(\u001b\[[0-9;]*m|\r?\n|\t)/).map((part, at) => at % 2 === 1 ? part : printable(part)).join('')
}

function escaped (char: string): string {
  const code = char.charCodeAt(0)
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
