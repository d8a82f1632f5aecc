/** Longer texts stay as they are: to lay them out would take too long. */
const MOST_CHARS = 2_000_000

/**
 * JSON with a line for each value, for people. It is not parsed, because that would change numbers such as
 * 9007199254740993 and 1.10.
 */
export function prettyJson (text: string): string {
  if (text.length > MOST_CHARS || !isJson(text)) return text
  let depth = 0
  const line = (): string => `\n${'  '.repeat(depth)}`
  return text.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g, (token) => {
    if (token === '{' || token === '[') {
      depth++
      return token + line()
    }
    if (token === '}' || token === ']') {
      depth--
      return line() + token
    }
    if (token === ',') return ',' + line()
    if (token === ':') return ': '
    if (/^[{[]/.test(token)) return token[0]! + token.at(-1)!
    return token.startsWith('"') ? token : ''
  })
}

function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
