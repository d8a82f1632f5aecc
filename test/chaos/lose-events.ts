import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../../knative/local/host.ts'

/** Stops the source of events for some time, one time after the other. What happens meanwhile, no event ever tells. */
export function loseEventsOf (source: Host['source']): (ms: number, healing: AbortSignal) => Promise<void> {
  let turn = Promise.resolve()
  return async function loseEvents (ms, healing) {
    const mine = turn.then(async () => {
      if (healing.aborted) return
      await source.stop()
      await sleep(ms, undefined, { signal: healing }).catch(() => {})
      await source.start()
    })
    turn = mine
    await mine
  }
}
