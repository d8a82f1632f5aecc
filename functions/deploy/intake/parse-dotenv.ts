import { problem } from '../../../shared/http/problem.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Parses a dotenv file as the prototype's users have them: `NAME=value` lines, empty values, comments, quotes. It is
 * strict, because a misread line can run the wrong job for hours: no expansion, no `export`, no duplicate names. In
 * double quotes `\n`, `\t`, `\"` and `\\` are escapes, and any other backslash is kept. Single quotes keep every
 * character. An unquoted value ends at ` #`. Throws `invalid-request` with the numbers of the first hundred bad lines.
 */
export function parseDotenv (text: string): Record<string, string> {
  const values = new Map<string, string>()
  const errors: { field: string, message: string }[] = []
  // Accept the line ends of every system, and the byte order mark that some editors write.
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  for (const [index, line] of lines.entries()) {
    const content = line.trim()
    if (content === '' || content.startsWith('#')) continue
    const wrong = readLine(content, values)
    if (wrong !== undefined) errors.push({ field: `line ${index + 1}`, message: wrong })
  }
  // The limit keeps the answer smaller than the file.
  if (errors.length > 0) {
    throw problem('invalid-request', `The dotenv file cannot be read: ${errors[0]!.field} ${errors[0]!.message}`, {
      errors: errors.slice(0, 100)
    })
  }
  return Object.fromEntries(values)
}

/** Adds one line to `values`, or returns an error message. The message never has the value, which may be a secret. */
function readLine (line: string, values: Map<string, string>): string | undefined {
  const equals = line.indexOf('=')
  if (equals === -1) return 'must have the form NAME=value'
  const name = line.slice(0, equals).trimEnd()
  if (!NAME.test(name)) return 'must begin with a name of letters, digits and _, not with a digit'
  if (values.has(name)) return `sets ${name} a second time`
  const value = readValue(line.slice(equals + 1).trim())
  if (value === undefined) return `has a quote without a closing quote, or text after the closing quote (${name})`
  if (value.includes('\0')) return `has a NUL character (${name})`
  values.set(name, value)
  return undefined
}

function readValue (raw: string): string | undefined {
  const quote = raw[0]
  if (quote !== '"' && quote !== "'") {
    const comment = raw.search(/(^|\s)#/)
    return comment === -1 ? raw : raw.slice(0, comment).trimEnd()
  }
  const pattern = quote === '"' ? /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/ : /^'([^']*)'\s*(?:#.*)?$/
  const [, inner] = pattern.exec(raw) ?? []
  return quote === '"'
    ? inner?.replace(/\\([nt"\\])/g, (_all, char: string) => ({ n: '\n', t: '\t' })[char] ?? char)
    : inner
}
