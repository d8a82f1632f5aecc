import {
  type Doubt,
  readDoubleQuoted,
  readSingleQuoted,
  readUnquoted,
  type Value,
  withoutSpace
} from './dotenv-value.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const DOUBLE_QUOTED = /"[^"\\]*(?:\\[^][^"\\]*)*"/y
const SINGLE_QUOTED = /'[^'\\]*(?:\\[^][^'\\]*)*'/y
/** The rest of the line after a quoted value. */
const REST = /[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y

/** Keeps the answer smaller than the file. */
const MOST_ERRORS = 100

/** The most variables of a request, many more than any template has. */
export const MOST_VARIABLES = 1000

/** How many of the five tools may read a line differently: the other three agree. */
const MOST_DOUBTED = 2

/** A line that was read, or an error in it. `next` is the index of the next line. */
type Line = { next: number, name: string, value: string } | { next: number, wrong: string }

export interface Dotenv {
  variables: Map<string, { value: string, line: number }>
  /** The bad lines, at most a hundred of them. */
  errors: { line: number, message: string }[]
}

/**
 * Reads a dotenv file in the dialect of docs/dotenv.md: a line is read as docker, kubectl, compose, npm's dotenv and
 * python-dotenv read it, if at least three of them agree. All other lines are errors, because a misread line can run
 * the wrong job for hours.
 */
export function readDotenv (text: string): Dotenv {
  const variables: Dotenv['variables'] = new Map()
  const errors: Dotenv['errors'] = []
  // The byte order mark that some editors write.
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let number = 1
  while (at < text.length && errors.length < MOST_ERRORS) {
    const line = readLine(text, at)
    if (line !== undefined && 'wrong' in line) errors.push({ line: number, message: line.wrong })
    else if (line !== undefined) {
      const earlier = variables.get(line.name)
      if (earlier === undefined) variables.set(line.name, { value: line.value, line: number })
      else errors.push({ line: number, message: `sets ${line.name} a second time, after line ${earlier.line}` })
    }
    if (variables.size > MOST_VARIABLES) {
      errors.unshift({ line: number, message: `is too much: a file has at most ${MOST_VARIABLES} variables` })
      break
    }
    const next = line?.next ?? endOf(text, at) + 1
    number += newlinesIn(text, at, next)
    at = next
  }
  return { variables, errors }
}

/** Reads the line at an index; `undefined` for a blank line and a comment. A message never has the value. */
function readLine (text: string, at: number): Line | undefined {
  const end = endOf(text, at)
  const next = end + 1
  const line = text.slice(at, end).replace(/\r$/, '')
  const content = line.trimStart()
  if (content === '' || content.startsWith('#')) return undefined
  const equals = line.indexOf('=')
  if (equals === -1) return { next, wrong: 'must have the form NAME=value' }
  const doubts: Doubt[] = []
  const name = nameIn(line.slice(0, equals), doubts)
  if (name === undefined) return { next, wrong: 'must begin with a name of letters, digits and _, not with a digit' }
  const read = valueAfter(text, at + equals + 1, end, doubts)
  if ('wrong' in read) return { next: read.next, wrong: `${read.wrong} (${name})` }
  if (read.value.includes('\0')) return { next: read.next, wrong: `has a NUL character (${name})` }
  doubts.push(...read.doubts)
  const doubted = new Set(doubts.flatMap(({ by }) => by))
  return doubted.size > MOST_DOUBTED
    ? { next: read.next, wrong: `${doubts.at(-1)!.message} (${name}); or send the variables as JSON` }
    : { next: read.next, name, value: read.value }
}

function nameIn (head: string, doubts: Doubt[]): string | undefined {
  const name = withoutSpace(head)
  const [, exported] = /^export[ \t]+([^ \t].*)$/.exec(name) ?? []
  if (exported !== undefined || !head.endsWith(name)) {
    doubts.push({
      by: ['docker', 'kubectl'],
      message: 'has `export` or a space before the =, which docker and kubectl refuse: leave it out'
    })
  }
  const bare = exported ?? name
  return NAME.test(bare) ? bare : undefined
}

/** Reads the value that begins at an index. A value in quotes may have several lines. */
function valueAfter (
  text: string,
  at: number,
  end: number,
  doubts: Doubt[]
): (Value & { next: number }) | { next: number, wrong: string } {
  const raw = text.slice(at, end).replace(/\r$/, '')
  const start = at + raw.indexOf(withoutSpace(raw))
  const quote = text[start]
  if (quote !== '"' && quote !== "'") {
    const read = readUnquoted(raw)
    return typeof read === 'string' ? { next: end + 1, wrong: read } : { ...read, next: end + 1 }
  }
  const pattern = quote === '"' ? DOUBLE_QUOTED : SINGLE_QUOTED
  pattern.lastIndex = start
  const [quoted] = pattern.exec(text) ?? []
  // What follows is inside or outside quotes, so no more lines can be read.
  if (quoted === undefined) return { next: text.length, wrong: 'has a quote without a closing quote' }
  REST.lastIndex = start + quoted.length
  const [rest] = REST.exec(text) ?? []
  if (rest === undefined) {
    return { next: endOf(text, start + quoted.length) + 1, wrong: 'has text after the closing quote' }
  }
  doubts.push({ by: ['docker', 'kubectl'], message: 'has quotes, which docker and kubectl keep: leave them out' })
  const inner = quoted.slice(1, -1)
  return {
    ...(quote === '"' ? readDoubleQuoted(inner) : readSingleQuoted(inner)),
    next: REST.lastIndex
  }
}

/** The index of the line feed at the end of a line, or of the end of the text. */
function endOf (text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

function newlinesIn (text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count++
  return count
}
