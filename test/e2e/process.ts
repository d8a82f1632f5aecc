import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { poll } from '../support/poll.ts'

/**
 * A program of the bench that is to run until the end; what it says goes to logs/<name>.log, and its own end is an
 * error.
 */
export interface Running {
  name: string
  child: ChildProcess
  log: string
}

export function run (
  logs: string,
  name: string,
  [command, ...args]: string[],
  env: NodeJS.ProcessEnv = {}
): Running {
  const log = join(logs, `${name}.log`)
  // Straight into the file: through a pipe, the program would stand still as soon as this process waits for another.
  const file = openSync(log, 'a')
  const child = spawn(command!, args, { env: { ...process.env, ...env }, stdio: ['ignore', file, file] })
  closeSync(file)
  return { name, child, log }
}

/**
 * Asks until there is an answer that counts. Says what it waited for when there is none, or when one of the programs
 * has ended.
 */
export async function until<T> (
  what: string,
  ask: () => Promise<T | undefined | false>,
  { seconds = 60, needs = [] as Running[] } = {}
): Promise<T> {
  let last: unknown
  const answer = poll(what, async () => {
    for (const { name, child } of needs) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} has ended`)
    }
    try {
      return await ask()
    } catch (error) {
      // Not there yet; told when it never comes.
      last = error
      return undefined
    }
  }, seconds)
  return await answer.catch(({ message }: Error) => {
    throw new Error(`${message}${needs.map(({ name, log }) => `\n${name}: ${tail(log)}`).join('')}`, { cause: last })
  })
}

function tail (log: string): string {
  return readFileSync(log, 'utf8').split('\n').slice(-15).join('\n')
}
