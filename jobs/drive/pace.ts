import { setTimeout } from 'node:timers/promises'
import type { DriveState } from './simulate-drive.ts'

/**
 * Yields the states at `factor` simulated seconds per second (0: without waiting) until the signal is aborted. Yields
 * at least one state.
 */
export async function * pace (
  states: Iterable<DriveState>,
  factor: number,
  signal: AbortSignal
): AsyncGenerator<DriveState> {
  const started = performance.now()
  for (const state of states) {
    const early = factor === 0 ? 0 : started + state.time / factor * 1000 - performance.now()
    // Shorter waits are not worth a timer. The timer rejects only on abort, which ends the loop below.
    if (early > 10) await setTimeout(early, undefined, { signal }).catch(() => {})
    yield state
    if (signal.aborted) return
  }
}
