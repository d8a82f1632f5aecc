import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import { temporaryFolder } from './temporary-folder.ts'

export const GX4KI = resolve('cli/dist/gx4ki.cjs')

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  ended: Promise<Ended>
  /** What is printed so far. */
  stdout: () => string
  stderr: () => string
}

interface More {
  env?: Record<string, string>
  input?: string | Uint8Array | undefined
}

export interface Gx4ki {
  /** The folder where it runs, which is also its home. */
  folder: string
  /** Starts `gx4ki` with arguments. */
  start: (words: string[], more?: More) => Running
  /** Runs it to its end. */
  run: (words: string[], more?: More) => Promise<Ended>
  /** Runs it on a terminal, whose output has both streams. */
  onTerminal: (words: string[], env?: Record<string, string>) => Running
}

/** Runs the bundle of gx4ki as a process, with nothing of this machine's configuration. */
export function gx4kiAt (t: Test, url: string, folder: string = temporaryFolder(t, {})): Gx4ki {
  const own = { HOME: folder, PATH: process.env['PATH']!, GX4KI_URL: url, TERM: 'xterm' }

  function started (
    program: string,
    words: string[],
    env: Record<string, string>,
    input: More['input']
  ): Running {
    const options: SpawnOptions = { cwd: folder, env: { ...own, ...env }, stdio: 'pipe' }
    const child = spawn(program, words, options)
    t.teardown(() => child.kill('SIGKILL'))
    child.stdin!.on('error', () => {})
    if (input !== undefined) child.stdin!.end(input)
    let [stdout, stderr] = ['', '']
    child.stdout!.setEncoding('utf8').on('data', (part: string) => { stdout += part })
    child.stderr!.setEncoding('utf8').on('data', (part: string) => { stderr += part })
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }) as Ended)
    return { child, ended, stdout: () => stdout, stderr: () => stderr }
  }
  const start: Gx4ki['start'] = (words, { env = {}, input } = {}) =>
    started(process.execPath, [GX4KI, ...words], env, input)
  return {
    folder,
    start,
    run: async (words, more) => await start(words, { input: '', ...more }).ended,
    onTerminal: (words, env = {}) =>
      started('python3', [join(import.meta.dirname, 'on-terminal.py'), process.execPath, GX4KI, ...words], env, undefined)
  }
}
