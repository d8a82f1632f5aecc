import { problem } from '../../../shared/http/problem.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Parses a dotenv file as the prototype's users have them: `NAME=value` lines, empty values, comments, quotes. Strict,
 * because a line that is understood differently from what was meant runs a job for hours: no expansion, no `export`, no
 * name twice. In double quotes `\n`, `\t`, `\"` and `\\` are escapes, any other backslash stays; single quotes take
 * everything as it is; unquoted values end at ` #`. Throws `invalid-request` with the numbers of the bad lines, the
 * first hundred.
 */
export function parseDotenv (text: string): Record<string, string> {
  const values = new Map<string, string>()
  const errors: { field: string, message: string }[] = []
  // The line ends of every system, and the byte order mark that some editors write.
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  for (const [index, line] of lines.entries()) {
    const content = line.trim()
    if (content === '' || content.startsWith('#')) continue
    const wrong = readLine(content, values)
    if (wrong !== undefined) errors.push({ field: `line ${index + 1}`, message: wrong })
  }
  // As many as anybody reads: the answer must not outgrow the file.
  if (errors.length > 0) {
    throw problem('invalid-request', `The dotenv file cannot be read: ${errors[0]!.field} ${errors[0]!.message}`, {
      errors: errors.slice(0, 100)
    })
  }
  return Object.fromEntries(values)
}

/** Takes one line in, or says what is wrong with it, without repeating its value: it may be a secret. */
function readLine (line: string, values: Map<string, string>): string | undefined {
  const equals = line.indexOf('=')
  if (equals === -1) return 'is not NAME=value'
  const name = line.slice(0, equals).trimEnd()
  if (!NAME.test(name)) return 'does not begin with a name of letters, digits and _'
  if (values.has(name)) return `sets ${name} a second time`
  const value = readValue(line.slice(equals + 1).trim())
  if (value === undefined) return `has a quote that does not close, or something after it (${name})`
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
