import { setTimeout as sleep } from 'node:timers/promises'
import { isProblem } from '../../../shared/http/problem.ts'
import type { Cluster } from '../../../shared/kubernetes/cluster.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { removeFinished } from '../keep/remove-finished.ts'

/** A quota is counted again a moment after a Job is deleted. ms */
const WAITS = [250, 500, 1000]

/**
 * Creates an object. When the quota is full, Jobs that have ended make room: they only stay to be looked at, and must
 * not keep out the jobs of other callers.
 */
export async function withRoom<T> (
  place: { store: Store, cluster: Cluster },
  create: () => Promise<T>
): Promise<T> {
  try {
    return await create()
  } catch (full) {
    if (!isProblem(full, 'quota-exceeded') || await removeFinished(place) === 0) throw full
    for (const wait of WAITS) {
      await sleep(wait)
      try {
        return await create()
      } catch (error) {
        if (!isProblem(error, 'quota-exceeded')) throw error
      }
    }
    throw full
  }
}
