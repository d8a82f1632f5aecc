type Tool = 'docker' | 'kubectl' | 'compose' | 'npm' | 'python'

/** A construct that some tools read differently, and how to write it so that they agree. */
export interface Doubt {
  by: Tool[]
  message: string
}

export interface Value {
  value: string
  doubts: Doubt[]
}

/** White space and control characters that some tools remove at the ends of a value and others keep. */
const ODD_EDGE = /^[\s\p{Cc}]|[\s\p{Cc}]$/u

const SOME_COMMENT = 'has a # that begins a comment for some tools only: put the value in single quotes'

/** Reads a value without quotes: the text after the =, up to the end of the line. Returns a string for an error. */
export function readUnquoted (raw: string): Value | string {
  if (raw.includes('\r')) return 'has a carriage return that is not the end of the line'
  const doubts: Doubt[] = []
  const text = withoutSpace(raw)
  // A comment has a space before it.
  const comment = text.startsWith('#') && !raw.startsWith('#') ? 0 : text.search(/[ \t]#/)
  const value = comment === -1 ? text : withoutSpace(text.slice(0, comment))
  if (value !== raw) {
    doubts.push({
      by: ['docker', 'kubectl'],
      message: 'has a comment or spaces around the value, which docker and kubectl keep: leave them out'
    })
  }
  if (comment !== -1 && (value === '' || text[comment] === '\t')) {
    doubts.push({ by: ['compose'], message: SOME_COMMENT })
  }
  if (ODD_EDGE.test(value)) {
    return 'begins or ends with white space that only some tools keep: put the value in single quotes'
  }
  doubts.push(...expansions(value, 'leave out quotes, spaces around the value, comment and export'))
  if (value.includes('#')) doubts.push({ by: ['npm'], message: SOME_COMMENT })
  if (value.startsWith('`')) {
    doubts.push({ by: ['npm'], message: 'begins with a backquote: put the value in single quotes' })
  }
  return { value, doubts }
}

/** Reads what is between double quotes. Only `\n` and `\r` are escapes for all tools that know quotes. */
export function readDoubleQuoted (inner: string): Value {
  const escapes = new Set<string>()
  const value = inner.replace(/\\([^])/g, (all, char: string) => {
    escapes.add(char)
    return ({ n: '\n', r: '\r' })[char] ?? all
  })
  const doubtful = (chars: string, by: Tool): Doubt[] =>
    [...chars].some((char) => escapes.has(char))
      ? [{ by: [by], message: 'has an escape that only some tools know: use single quotes and the character itself' }]
      : []
  return {
    value,
    doubts: [
      ...doubtful('\\"tabfv', 'npm'),
      ...doubtful('$0', 'compose'),
      ...doubtful("'", 'python'),
      ...expansions(inner, inner.includes('${') ? 'leave out the quotes' : 'use single quotes'),
      ...carriageReturns(inner)
    ]
  }
}

/** Reads what is between single quotes: every character is kept. */
export function readSingleQuoted (inner: string): Value {
  const doubts: Doubt[] = []
  if (/\\[\\']/.test(inner)) {
    doubts.push({ by: ['python'], message: 'has an escape that only some tools know: leave out the quotes' })
  }
  if (inner.includes('${')) {
    doubts.push({ by: ['python'], message: 'has a $ that only some tools replace: leave out the quotes' })
  }
  return { value: inner, doubts: [...doubts, ...carriageReturns(inner)] }
}

function expansions (text: string, way: string): Doubt[] {
  const by: Tool[] = text.includes('${') ? ['compose', 'python'] : /\$[A-Za-z_$]/.test(text) ? ['compose'] : []
  return by.length === 0 ? [] : [{ by, message: `has a $ that only some tools replace: ${way}` }]
}

function carriageReturns (inner: string): Doubt[] {
  return inner.includes('\r')
    ? [{ by: ['compose'], message: 'has several lines that end with CR LF: end them with LF' }]
    : []
}

/** The text without the spaces and tabs at both ends. A pattern would need quadratic time for a long run of them. */
export function withoutSpace (text: string): string {
  let from = 0
  let to = text.length
  while (from < to && (text[from] === ' ' || text[from] === '\t')) from++
  while (to > from && (text[to - 1] === ' ' || text[to - 1] === '\t')) to--
  return text.slice(from, to)
}
