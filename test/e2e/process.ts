import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { poll } from '../support/poll.ts'

/**
 * A program of the test cluster that must run until the end. Its output goes to logs/<name>.log. `until` fails when it
 * has ended.
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
  // The program writes directly into the file. With a pipe it would block while this process waits for another program.
  const file = openSync(log, 'a')
  const child = spawn(command!, args, { env: { ...process.env, ...env }, stdio: ['ignore', file, file] })
  closeSync(file)
  return { name, child, log }
}

/**
 * Calls `ask` until it returns a value. Throws after `seconds`, or when one of the programs in `needs` has ended. The
 * message contains the last log lines of these programs.
 */
export async function until<T> (
  what: string,
  ask: () => Promise<T | undefined | false>,
  { seconds = 60, needs = [] as Running[] } = {}
): Promise<T> {
  let last: unknown
  const answer = poll(what, async () => {
    for (const { name, child } of needs) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`${name} has ended during the wait for: ${what}`)
      }
    }
    try {
      return await ask()
    } catch (error) {
      // Not ready yet. This error becomes the cause when the wait fails.
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
