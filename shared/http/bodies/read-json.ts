import { DEEPEST } from '../../schema/is-nested-too-deep.ts'
import { decodeText } from './decode-text.ts'
import { invalidField } from '../problem.ts'

/** Strings, numbers and punctuation of a text that is valid JSON. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}[\],]/g

const numbersAsSent = new WeakMap<object, Map<string, string>>()

/**
 * Reads JSON from outside. Throws `invalid-request` for what `JSON.parse` would change silently (RFC 7493): bytes that
 * are not UTF-8, a name that an object has twice, and half of a surrogate pair. Every error has the name of the field;
 * `at` is the place of the JSON in a larger document, and `whole` names the JSON itself.
 */
export function readJson (bytes: Buffer, at: string[] = [], whole = 'body'): unknown {
  const text = decodeText(whole, bytes).replace(/^\uFEFF/, '')
  const json = parse(whole, text)
  checkTokens(text, json, at, whole)
  return json
}

/**
 * The text of a number that `readJson` has read as a member of this object; `undefined` when it is the text that
 * JavaScript writes for the number. `9007199254740993` and `1.10` would otherwise become other texts.
 */
export function numberAsSent (object: object, name: string): string | undefined {
  return numbersAsSent.get(object)?.get(name)
}

function parse (whole: string, text: string): unknown {
  if (text === '') throw invalidField(whole, 'is empty')
  try {
    return JSON.parse(text)
  } catch (error) {
    // The rest of the message would quote the text, which may be secret.
    const [place] = /\(line \d+ column \d+\)/.exec((error as Error).message) ?? []
    throw invalidField(whole, ['is not valid JSON', place].filter(Boolean).join(' '))
  }
}

/** An object or array that the scan is in. */
interface Open {
  value: Record<string, unknown>
  /** The names so far; `undefined` in an array. */
  names: Set<string> | undefined
  /** Of the present member: its name or index. */
  member: string
}

/** Walks through the text and its value side by side, because the value no longer shows what was changed. */
function checkTokens (
  text: string,
  json: unknown,
  at: string[],
  whole: string
): void {
  const open: Open[] = []
  let expectsName = false
  const fieldOf = (last: string[]): string =>
    [...at, ...open.slice(0, -1).map(({ member }) => member), ...last].join('.') || whole
  for (const [token] of text.matchAll(TOKEN)) {
    const inner = open.at(-1)
    switch (token[0]) {
      case '{':
      case '[': {
        if (open.length === DEEPEST) {
          const top = open[0]!.names === undefined ? at : [...at, open[0]!.member]
          throw invalidField(top.join('.') || whole, `must not be nested deeper than ${DEEPEST} levels`)
        }
        const value = (inner === undefined ? json : inner.value[inner.member]) as Open['value']
        open.push({ value, names: token === '{' ? new Set() : undefined, member: '0' })
        expectsName = token === '{'
        break
      }
      case '}':
      case ']':
        open.pop()
        break
      case ',':
        expectsName = inner!.names !== undefined
        if (!expectsName) inner!.member = String(Number(inner!.member) + 1)
        break
      case '"': {
        // Bytes that are UTF-8 have no half of a pair, except as an escape.
        const isPlain = !token.includes('\\')
        if (isPlain && !expectsName) break
        const string = isPlain ? token.slice(1, -1) : JSON.parse(token) as string
        if (!string.isWellFormed()) {
          const last = expectsName ? string.toWellFormed() : inner?.member
          throw invalidField(
            fieldOf(last === undefined ? [] : [last]),
            'has half of a surrogate pair, which is not a character'
          )
        }
        if (!expectsName) break
        if (inner!.names!.has(string)) throw invalidField(fieldOf([string]), 'is given twice')
        if (string === '__proto__') throw invalidField(fieldOf([string]), 'is not allowed as a name')
        inner!.names!.add(string)
        inner!.member = string
        expectsName = false
        break
      }
      default:
        if (inner?.names !== undefined && String(Number(token)) !== token) keepNumber(inner, token)
    }
  }
}

function keepNumber ({ value, member }: Open, token: string): void {
  const kept = numbersAsSent.get(value) ?? new Map<string, string>()
  numbersAsSent.set(value, kept.set(member, token))
}
