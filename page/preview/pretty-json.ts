/** Longer texts stay as they are: to lay them out would take too long. */
const MOST_CHARS = 2_000_000
/** Deeper ones, too: nobody reads them, and their indentation can be a hundred times as long as the text. */
const MOST_DEPTH = 100
const MOST_LAID_OUT = 4 * MOST_CHARS

const TOKENS = /"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|[^\s"{}[\],:]+/g

/**
 * JSON with a line for each value, for people. It is not parsed, because that would change numbers such as
 * 9007199254740993 and 1.10.
 */
export function prettyJson (text: string): string {
  if (text.length > MOST_CHARS || !isJson(text)) return text
  let depth = 0
  let length = 0
  const parts: string[] = []
  const line = (): string => `\n${'  '.repeat(depth)}`
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    const part = laidOut(token, line)
    length += part.length
    if (depth > MOST_DEPTH || length > MOST_LAID_OUT) return text
    parts.push(part)
  }
  return parts.join('')
}

/** A token with the white space of its own. */
function laidOut (token: string, line: () => string): string {
  if (token === '{' || token === '[' || token === ',') return token + line()
  if (token === '}' || token === ']') return line() + token
  if (token === ':') return ': '
  // An object or array without values.
  return /^[{[]/.test(token) ? token[0]! + token.at(-1)! : token
}

function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
