import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program of the bench that is to run until the end; what it says goes to logs/<name>.log, and its own end is an error. */
export interface Running { name: string, child: ChildProcess, log: string }

export function run (logs: string, name: string, [command, ...args]: string[], env: NodeJS.ProcessEnv = {}): Running {
  const log = join(logs, `${name}.log`)
  const file = createWriteStream(log)
  const child = spawn(command!, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout!.pipe(file, { end: false })
  child.stderr!.pipe(file, { end: false })
  return { name, child, log }
}

/** Asks until there is an answer that counts. Says what it waited for when there is none, or when one of the programs has ended. */
export async function until<T> (what: string, ask: () => Promise<T | undefined | false>, { seconds = 60, needs = [] as Running[] } = {}): Promise<T> {
  const end = performance.now() + seconds * 1000
  let last: unknown
  while (performance.now() < end) {
    for (const { name, child, log } of needs) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} has ended: ${tail(log)}`)
    }
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      // Not there yet; told when it never comes.
      last = error
    }
    await sleep(200)
  }
  throw new Error(`waited ${seconds} s in vain: ${what}${needs.map(({ name, log }) => `\n${name}: ${tail(log)}`).join('')}`, { cause: last })
}

function tail (log: string): string {
  return readFileSync(log, 'utf8').split('\n').slice(-15).join('\n')
}
