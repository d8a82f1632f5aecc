import type { JobRecord } from '../job/job-record.ts'
import { isTerminal } from '../job/job-state.ts'
import type { SoFar } from '../job/so-far.ts'
import type { Store } from '../store/open-store.ts'
import { readProgress } from './progress-note.ts'
import { countResults } from './results.ts'

/** What a running job has stored, and how far it is; nothing of a job whose record has it all. */
export async function soFar (store: Store, { state, job_uuid: id, attempt }: JobRecord): Promise<SoFar> {
  if (isTerminal(state) || attempt === undefined) return {}
  const [results, progress] = await Promise.all([countResults(store, id, attempt), readProgress(store, id, attempt)])
  return { results, progress }
}
