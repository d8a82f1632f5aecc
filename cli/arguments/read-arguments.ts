import { parseArgs } from 'node:util'
import { misuse } from '../failure.ts'
import type { Command, Option } from './command.ts'
import { globalOptions } from './global-options.ts'
import { nearest } from './nearest.ts'

/** Names of other programs. */
const MEANT: Record<string, string> = { 'env-file': 'dotenv', status: 'state' }

/** The arguments of a command. To ask for an option that the command does not have is a mistake in gx4ki. */
export interface Arguments {
  positionals: string[]
  flag: (name: string) => boolean
  text: (name: string) => string | undefined
  list: (name: string) => string[]
}

/** Reads the arguments after the name of the command. Throws a Failure that says what is wrong. */
export function readArguments (command: Pick<Command, 'name' | 'options' | 'least' | 'most'>, words: string[]): Arguments {
  const { name, least = 0, most = 0 } = command
  const options = [...command.options ?? [], ...globalOptions]
  const { tokens } = parseArgs({
    args: words,
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(options.map(({ name, short, value }) => [
      name,
      { type: value === undefined ? 'boolean' as const : 'string' as const, ...(short !== undefined && { short }) }
    ]))
  })
  const values = new Map<string, string[]>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const option = options.find((one) => one.name === token.name)
    if (option === undefined) throw unknownOption(name, token.rawName, options)
    values.set(option.name, [...values.get(option.name) ?? [], valueOf(option, token)])
    if (!option.many && values.get(option.name)!.length > 1 && option.value !== undefined) {
      throw misuse(`--${option.name} is given twice`)
    }
  }
  const isHelp = values.has('help')
  if (!isHelp && positionals.length < least) throw misuse(`gx4ki ${name} needs an argument`, `gx4ki ${name} --help`)
  if (!isHelp && positionals.length > most) {
    throw misuse(`gx4ki ${name} takes ${most === 0 ? 'no argument' : `at most ${most}`}`, `gx4ki ${name} --help`)
  }

  function of (name: string): string[] | undefined {
    if (!options.some((option) => option.name === name)) throw new Error(`there is no option --${name}`)
    return values.get(name)
  }
  return {
    positionals,
    flag: (name) => of(name) !== undefined,
    text: (name) => of(name)?.at(-1),
    list: (name) => of(name) ?? []
  }
}

function valueOf (
  { name, value }: Option,
  token: { value?: string | undefined, inlineValue?: boolean | undefined }
): string {
  if (value === undefined) {
    if (token.value !== undefined) throw misuse(`--${name} has no value`)
    return ''
  }
  if (token.value === undefined) throw misuse(`--${name} needs a value: ${value}`)
  // `--env --wait`: the name of an option is hardly ever meant as a value.
  if (token.inlineValue === false && /^--?[a-z]/.test(token.value)) {
    throw misuse(`--${name} needs a value: ${value}`, `write --${name}=${value} if the value begins with a hyphen`)
  }
  return token.value
}

function unknownOption (command: string, given: string, options: Option[]): Error {
  const word = given.replace(/^-+/, '')
  const meant = MEANT[word] ?? nearest(word, options.map(({ name }) => name))
  // Only the name: the value may be a secret.
  return misuse(
    `gx4ki ${command} has no option ${given}`,
    meant === undefined ? `gx4ki ${command} --help` : `did you mean --${meant}?`
  )
}
