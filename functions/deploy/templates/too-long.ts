import type { V1Container } from '@kubernetes/client-node'
import { expand } from '../../../shared/kubernetes/expand.ts'

/** What Linux takes of one argument or `NAME=value`, with the NUL after it (MAX_ARG_STRLEN, execve(2)). Bytes. */
export const LONGEST = 131_072

/** A text with which Linux starts no program. */
export interface TooLong {
  /** Such as `the variable URL`. */
  what: string
  /** The given variables that it refers to. */
  variables: string[]
}

type Values = Record<string, string>

/** The arguments and variables of a container that are too long once `$(NAME)` is replaced, by the given values too. */
export function tooLong ({ env = [], command = [], args = [] }: V1Container, given: Values): TooLong[] {
  const placed = new Set(env.map(({ name }) => name))
  const known: Values = Object.fromEntries(Object.entries(given).filter(([name]) => !placed.has(name)))
  const found: TooLong[] = []
  const check = (what: string, source: string, text: string): void => {
    if (!isTooLong(text)) return
    found.push({ what, variables: Object.keys(given).filter((name) => source.includes(`$(${name})`)) })
  }
  for (const { name, value = '' } of env) {
    known[name] = given[name] ?? expanded(value, known)
    if (!Object.hasOwn(given, name)) check(`the variable ${name}`, value, `${name}=${known[name]}`)
  }
  for (const text of [...command, ...args]) check('an argument of the command', text, expanded(text, known))
  return found
}

export function isTooLong (text: string): boolean {
  return Buffer.byteLength(text) + 1 > LONGEST
}

/** Cut where it is too long in any case: a variable may refer to others many times, and these to others. */
function expanded (text: string, known: Values): string {
  return expand(text, known).slice(0, LONGEST)
}
