import type { ExitCode } from '../exit-codes.ts'
import type { Session } from '../session.ts'
import type { Arguments } from './read-arguments.ts'

export interface Option {
  name: string
  short?: string
  /** What stands for the value in the help; an option without it has no value. */
  value?: string
  /** Whether the option may be given several times. */
  many?: boolean
  help: string
  /** The values that completion offers. */
  choices?: readonly string[]
}

/** Everything about a command: help, completion and the reference page are made from it. */
export interface Command {
  name: string
  /** The arguments as the help shows them. */
  usage: string
  /** How many arguments there may be. */
  least?: number
  most?: number
  summary: string
  /** Paragraphs for the help. */
  details?: string[]
  examples: string[]
  options?: Option[]
  /** The values that completion offers for the first argument. */
  choices?: readonly string[]
  run: (session: Session, given: Arguments) => Promise<ExitCode>
}
