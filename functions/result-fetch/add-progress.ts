import type { Static } from 'typebox'
import type { ListedJob } from '../../shared/job/job-view.ts'
import type { Progress } from '../../shared/job/progress.ts'
import { readProgress } from '../../shared/results/progress-note.ts'
import { inBatches } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/** A workload reports at most every ten seconds, so a list that is asked for often need not look each time. */
const REMEMBERED_MS = 5_000
const MOST_REMEMBERED = 10_000
const remembered = new WeakMap<Store, Map<string, { progress: Progress | undefined, until: number }>>()

/** Adds to the running jobs of a list how far they are. All other jobs have no progress. */
export async function addProgress (store: Store, jobs: Static<typeof ListedJob>[]): Promise<void> {
  const known = remembered.get(store) ?? new Map<string, { progress: Progress | undefined, until: number }>()
  if (known.size > MOST_REMEMBERED) known.clear()
  remembered.set(store, known)
  await inBatches(jobs.filter(({ state }) => state === 'running'), async (job) => {
    const { job_uuid: id } = job
    const now = performance.now()
    const { progress, until = 0 } = known.get(id) ?? {}
    const newest = until > now ? progress : await readProgress(store, id)
    if (until <= now) known.set(id, { progress: newest, until: now + REMEMBERED_MS })
    job.progress = newest ?? null
  })
}
