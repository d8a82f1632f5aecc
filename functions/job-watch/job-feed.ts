import { pause } from '../../shared/flow/pause.ts'
import { type Pulse, pulse } from '../../shared/flow/pulse.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import type { FoundRecord } from '../../shared/job/record-store.ts'
import type { ResultCounts } from '../../shared/job/result-counts.ts'
import type { WatchJob } from '../../shared/job/watch-jobs.ts'
import { resultsSoFar } from '../../shared/results/results-so-far.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { hasEnded } from './has-ended.ts'

/** Between two looks at what a job has uploaded. */
const COUNT_MS = 4_000

/** The newest of a job, for all that watch it. */
export interface JobFeed {
  id: string
  /** `undefined` when the job was removed. */
  found: () => FoundRecord | undefined
  record: () => JobRecord | undefined
  counts: () => ResultCounts | undefined
  /** Takes the record as a new watcher has read it, if it is newer. */
  renew: (read: FoundRecord) => void
  changed: Pulse
}

/** Keeps the newest of a job until the signal aborts, or the job has ended. */
export function feedJob (
  store: Store,
  watch: WatchJob,
  first: FoundRecord,
  signal: AbortSignal
): JobFeed {
  let found: FoundRecord | undefined = first
  let counts: ResultCounts | undefined
  const changed = pulse()
  const isOpen = (): boolean => !hasEnded(found?.record) && !signal.aborted

  async function followRecord (): Promise<void> {
    while (isOpen()) {
      try {
        found = await watch(found!, signal)
        changed.beat()
      } catch {
        // The store is away. The streams stay open until it is back.
        await pause(COUNT_MS, signal)
      }
    }
  }

  async function followCounts (): Promise<void> {
    while (isOpen()) {
      const before = JSON.stringify(counts)
      counts = await resultsSoFar(store, found!.record).catch(() => counts)
      if (JSON.stringify(counts) !== before) changed.beat()
      await pause(COUNT_MS, signal)
    }
  }

  for (const follow of [followRecord, followCounts]) follow().catch(() => {})
  return {
    id: first.record.job_uuid,
    found: () => found,
    record: () => found?.record,
    counts: () => counts,
    renew (read) {
      if (found === undefined || read.record.revision <= found.record.revision) return
      found = read
      changed.beat()
    },
    changed
  }
}
