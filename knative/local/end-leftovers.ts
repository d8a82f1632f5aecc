import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Kills the processes that an earlier local host with this folder has left, because it was itself killed: its store,
 * its functions and the containers of its jobs. The folder must be claimed, so that no running host is meant. Only on
 * Linux, where the environment of a process can be read.
 */
export function endLeftovers (folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
    const environment = read(`/proc/${pid}/environ`)
    const command = read(`/proc/${pid}/cmdline`)
    const isStoreOrContainer = environment.some((variable) =>
      ['store', 'kubernetes/pods'].some((part) => variable.startsWith(`HOME=${join(folder, part)}/`))
    )
    // A user may have the same KUBECONFIG, for kubectl.
    const isFunction = environment.includes(`KUBECONFIG=${join(folder, 'kubernetes/kubeconfig')}`) &&
      command.some((word) => /^dist\/[\w-]+\.cjs$/.test(word))
    if (!isStoreOrContainer && !isFunction) continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended in the meantime.
    }
  }
}

/** The words of a file in /proc; none when the process has ended, or belongs to another user. */
function read (file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\0')
  } catch {
    return []
  }
}
