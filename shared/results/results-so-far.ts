import type { JobRecord } from '../job/job-record.ts'
import { isTerminal } from '../job/job-state.ts'
import type { ResultCounts } from '../job/result-counts.ts'
import type { Store } from '../store/open-store.ts'
import { countResults } from './results.ts'

/** How many results of a running job are stored. `undefined` when it has none, or when its record has the counts. */
export async function resultsSoFar (
  store: Store,
  { state, job_uuid: id, attempt }: JobRecord
): Promise<ResultCounts | undefined> {
  return isTerminal(state) || attempt === undefined ? undefined : await countResults(store, id, attempt)
}
