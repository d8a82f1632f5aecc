import type { Progress } from './progress.ts'
import type { ResultCounts } from './result-counts.ts'

/** What is known of a job that runs, and is not in its record because it changes too often. */
export interface SoFar {
  results?: ResultCounts | undefined
  progress?: Progress | undefined
}
