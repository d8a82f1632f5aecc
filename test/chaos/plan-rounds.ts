import type { ChaosStore } from './settings.ts'

/** A part of a run, with a host of its own. So the memory and the disk that a run takes do not grow with its jobs. */
export interface Round {
  seed: string
  store: ChaosStore
  jobs: number
}

const MOST_JOBS = 40

/** Shares the jobs of a run out over rounds and stores. The first round has the seed of the run. */
export function planRounds (seed: string, jobs: number, stores: ChaosStore[]): Round[] {
  const count = Math.min(jobs, Math.max(stores.length, Math.ceil(jobs / MOST_JOBS)))
  return Array.from({ length: count }, (_, at) => ({
    seed: at === 0 ? seed : `${seed}-${at + 1}`,
    store: stores[at % stores.length]!,
    jobs: Math.floor(jobs * (at + 1) / count) - Math.floor(jobs * at / count)
  }))
}
