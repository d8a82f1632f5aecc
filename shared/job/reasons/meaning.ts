import type { State } from '../job-state.ts'

/** What a reason means, and what to do about it, as sentences. `docs/reasons.md` has all of them. */
export interface Meaning {
  /** The states in which a job has this reason. */
  states: readonly State[]
  means: string
  /** Empty when there is nothing to do. */
  todo: string
}
