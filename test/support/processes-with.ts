import { readdirSync, readFileSync } from 'node:fs'

/**
 * The ids of the processes on this machine whose command line and environment contain all the given texts. Linux only:
 * it reads /proc.
 */
export function processesWith (...texts: string[]): number[] {
  const { pid: self } = process
  return readdirSync('/proc').map(Number).filter(Number.isInteger).filter((pid) => {
    if (pid === self) return false
    try {
      const about = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8')
      return texts.every((text) => about.includes(text))
    } catch {
      // The process has ended, or belongs to another user.
      return false
    }
  })
}
