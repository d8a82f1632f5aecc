import { setTimeout as sleep } from 'node:timers/promises'
import type { Program } from './program.ts'
import type { Seen } from './wire.ts'

const QUIET_MS = 400
const LONGEST_MS = 180_000

/** Resolves when no request has been seen for a while, and the last one has been answered. */
export async function quietWire (seen: Seen[]): Promise<void> {
  await until(() => {
    const last = Math.max(...seen.map(({ began, ended }) => Math.max(began, ended)))
    return performance.now() - last > QUIET_MS
  })
}

/** Resolves when a program has used no CPU time for a while. */
export async function quietProgram ({ cpu }: Pick<Program, 'cpu'>): Promise<void> {
  let known = cpu()
  let since = performance.now()
  await until(() => {
    const now = cpu()
    if (now - known > 10) {
      known = now
      since = performance.now()
    }
    return performance.now() - since > QUIET_MS
  })
}

async function until (isQuiet: () => boolean): Promise<void> {
  const deadline = performance.now() + LONGEST_MS
  while (!isQuiet()) {
    if (performance.now() > deadline) throw new Error(`not quiet within ${LONGEST_MS / 1000} s`)
    await sleep(50)
  }
}
