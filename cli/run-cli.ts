import { globalOptions } from './arguments/global-options.ts'
import { helpOf, overview } from './arguments/help-text.ts'
import { readArguments, type Arguments } from './arguments/read-arguments.ts'
import { unknownCommand } from './commands/help.ts'
import { commands } from './commands/table.ts'
import { version } from './commands/version.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { Failure } from './failure.ts'
import type { Session } from './session.ts'
import { readSettings } from './settings/read-settings.ts'
import { paintFor } from './show/paint.ts'
import { tellFailure } from './show/tell-failure.ts'
import type { World } from './world.ts'

/** Runs one command line. Returns its exit code; every failure is told by then. */
export async function runCli (world: World, words: string[]): Promise<ExitCode> {
  const json = words.includes('--json')
  try {
    return await dispatch(world, words)
  } catch (error) {
    const failure = error instanceof Failure ? error : unexpected(error)
    const isVerbose = words.includes('-v') || words.includes('--verbose')
    const stack = isVerbose && failure !== error ? (error as Error).stack : undefined
    await tellFailure(world, failure, { json, stack })
    return failure.code
  }
}

async function dispatch (world: World, words: string[]): Promise<ExitCode> {
  const at = commandIn(words)
  const [name] = at === -1 ? [] : [words[at]!]
  if (name === undefined) {
    const isVersion = words.some((word) => word === '-V' || word === '--version')
    const given = readArguments({ name: 'help' }, words.filter((word) => word !== '-V' && word !== '--version'))
    if (isVersion) return await version.run(sessionOf(world, given), given)
    await (words.length === 0 ? world.err : world.out).write(overview(commands))
    return words.length === 0 ? EXIT.refused : EXIT.done
  }
  const command = commands.find((one) => one.name === name)
  if (command === undefined) throw unknownCommand(name, commands)
  const given = readArguments(command, words.toSpliced(at, 1))
  if (given.flag('help')) {
    await world.out.write(helpOf(command))
    return EXIT.done
  }
  return await command.run(sessionOf(world, given), given)
}

/** The index of the name of the command: the first word that is no option, and no value of one; -1 without a name. */
function commandIn (words: string[]): number {
  const withValue = globalOptions.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`)
  return words.findIndex((word, at) => !word.startsWith('-') && !withValue.includes(words[at - 1] ?? ''))
}

function sessionOf (world: World, given: Arguments): Session {
  const json = given.flag('json')
  const quiet = given.flag('quiet')
  return {
    ...world,
    settings: readSettings(world.env, given.text('url')),
    json,
    quiet,
    verbose: given.flag('verbose'),
    paint: paintFor(world.out, world.env, !given.flag('no-color')),
    async note (line) {
      if (!quiet && !json) await world.err.write(`${line}\n`)
    },
    async answer (document, text) {
      await world.out.write(json ? `${JSON.stringify(document, undefined, world.out.isTerminal ? 2 : 0)}\n` : text())
    }
  }
}

/** A mistake in gx4ki, or of the machine: a full disk, a file that cannot be read. */
function unexpected (error: unknown): Failure {
  const { message } = error instanceof Error ? error : new Error(String(error))
  return new Failure(EXIT.unexpected, message, { type: 'urn:gx4ki:cli:unexpected', cause: error })
}
