import { setTimeout } from 'node:timers/promises'
import type { DriveState } from './simulate-drive.ts'

/**
 * Lets the states through at `factor` simulated seconds a second (0: at once), until the signal is aborted; one comes
 * through in any case.
 */
export async function * pace (
  states: Iterable<DriveState>,
  factor: number,
  signal: AbortSignal
): AsyncGenerator<DriveState> {
  const started = performance.now()
  for (const state of states) {
    const early = factor === 0 ? 0 : started + state.time / factor * 1000 - performance.now()
    // Shorter waits are not worth a timer. One is rejected only when aborted, which ends the loop below.
    if (early > 10) await setTimeout(early, undefined, { signal }).catch(() => {})
    yield state
    if (signal.aborted) return
  }
}
