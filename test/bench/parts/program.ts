import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Bench } from '../bench.ts'

/** A program that the bench measures. Times are in ms, sizes in bytes. */
export interface Program {
  /** When it started, by `performance.now()`. */
  began: number
  /** The CPU time so far, in steps of 10 ms. */
  cpu: () => number
  /** The memory that it holds now. */
  memory: () => number
  /** The most memory that it has held so far. */
  peak: () => number
  /** The output so far. */
  output: () => string
  /** Sends a signal. */
  signal: (signal: NodeJS.Signals) => void
  /** Resolves when it has ended by itself. */
  ended: () => Promise<Usage>
  /** Ends it at once. Returns what it has used, to the microsecond. */
  kill: () => Promise<Usage>
}

export interface Usage {
  /** The exit code; below zero the signal that ended it. */
  code: number
  cpu: number
  peak: number
}

const TICK_MS = 10

let count = 0

/** What ends the programs that run, for the case that the bench ends before its rows. */
const running = new Set<() => void>()
process.on('exit', () => running.forEach((end) => end()))

/** Starts a program in an environment of its own. It is ended when the row ends, at the latest. */
export async function startProgram (
  { dir, after }: Pick<Bench, 'dir' | 'after'>,
  command: string[],
  env: Record<string, string> = {},
  cwd?: string
): Promise<Program> {
  const log = join(dir, `program-${++count}.log`)
  const output = openSync(log, 'w')
  const wrapper = spawn('python3', [join(import.meta.dirname, 'rusage.py'), ...command], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', output, output, 'pipe'],
    ...(cwd !== undefined && { cwd })
  })
  closeSync(output)
  const exited = once(wrapper, 'exit') as Promise<[number | null]>
  const lines = createInterface(wrapper.stdio[3] as Readable)[Symbol.asyncIterator]()
  const pid = Number((await lines.next()).value)
  const began = performance.now()
  if (!(pid > 0)) throw new Error(`cannot start ${command.join(' ')}: ${readFileSync(log, 'utf8')}`)
  let usage: Usage | undefined
  const report = lines.next().then(async ({ value }) => {
    await exited
    return (usage = JSON.parse(value as string) as Usage)
  })
  const endIt = (): void => {
    try {
      if (usage === undefined) process.kill(pid, 'SIGKILL')
    } catch (error) {
      // It has just ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  running.add(endIt)
  report.finally(() => running.delete(endIt)).catch(() => {})
  after(kill)

  async function kill (): Promise<Usage> {
    endIt()
    return await report
  }

  function status (field: string): number {
    const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kib) * 1024
  }

  return {
    began,
    cpu () {
      // The name of the program, in parentheses, may contain spaces.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS
    },
    memory: () => status('VmRSS'),
    peak: () => status('VmHWM'),
    output: () => readFileSync(log, 'utf8'),
    signal: (signal) => process.kill(pid, signal),
    ended: async () => await report,
    kill
  }
}
