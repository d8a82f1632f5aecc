import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Makes a folder, and claims it for this process. Throws when another process has it that still runs. Returns a
 * function that gives the folder back.
 */
export function claimFolder (folder: string): () => void {
  // Jobs may write secrets there.
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'in-use-by')
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify({ pid: process.pid, since: beginOf(process.pid) }), { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const { pid, since } = read(file)
    if (pid !== undefined && since !== undefined && beginOf(pid) === since) {
      throw new Error(
        `the process ${pid}, another local host, uses the folder ${folder}: stop it, or choose another folder and ` +
          'another port: LOCAL_DATA=/tmp/other PORT=8081 make run'
      )
    }
    // Its process was killed.
    rmSync(file, { force: true })
  }
}

function read (file: string): { pid?: number, since?: string } {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number, since: string }
  } catch {
    // Written half, or given back in the meantime.
    return {}
  }
}

/** When a process began, to tell it from a later one with the same id; `undefined` when there is none. */
function beginOf (pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}
