import { setTimeout as sleep } from 'node:timers/promises'
import type { Program } from './program.ts'
import type { Seen } from './wire.ts'

const QUIET_MS = 500
const LONGEST_MS = 180_000

/**
 * Resolves when a program has done nothing for a while: it has used no CPU time and sent no request, and all that it
 * has sent are answered. Work after an answer, as job-completed does it, is over then.
 */
export async function quiet ({ cpu }: Pick<Program, 'cpu'>, seen: Seen[] = []): Promise<void> {
  const deadline = performance.now() + LONGEST_MS
  let known = cpu()
  let since = performance.now()
  while (performance.now() - since < QUIET_MS) {
    await sleep(50)
    const last = seen.reduce((latest, { began, ended }) => Math.max(latest, began, ended), 0)
    // Timers and the collection of garbage take a little.
    const isBusy = cpu() - known > 20 || last > since
    if (isBusy) since = performance.now()
    if (isBusy) known = cpu()
    if (performance.now() > deadline) throw new Error(`not quiet within ${LONGEST_MS / 1000} s`)
  }
}
