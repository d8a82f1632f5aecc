import { pause } from '../../shared/flow/pause.ts'
import { type Pulse, pulse } from '../../shared/flow/pulse.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import type { FoundRecord } from '../../shared/job/record-store.ts'
import type { SoFar } from '../../shared/job/so-far.ts'
import type { WatchJob } from '../../shared/job/watch-jobs.ts'
import { soFar } from '../../shared/results/so-far.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { hasEnded } from './has-ended.ts'

/** Between two looks at what a job has uploaded, and how far it is. */
const COUNT_MS = 4_000

/** The newest of a job, for all that watch it. */
export interface JobFeed {
  id: string
  /** `undefined` when the job was removed. */
  found: () => FoundRecord | undefined
  record: () => JobRecord | undefined
  soFar: () => SoFar
  /** Resolves when `soFar` is known for the first time. */
  counted: Promise<void>
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
  let now: SoFar = {}
  const changed = pulse()
  const counted = Promise.withResolvers<void>()
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

  async function followUploads (): Promise<void> {
    while (isOpen()) {
      const before = JSON.stringify(now)
      now = await soFar(store, found!.record).catch(() => now)
      counted.resolve()
      if (JSON.stringify(now) !== before) changed.beat()
      await pause(COUNT_MS, signal)
    }
    counted.resolve()
  }

  for (const follow of [followRecord, followUploads]) follow().catch(() => {})
  return {
    id: first.record.job_uuid,
    found: () => found,
    record: () => found?.record,
    soFar: () => now,
    counted: counted.promise,
    renew (read) {
      if (found === undefined || read.record.revision <= found.record.revision) return
      found = read
      changed.beat()
    },
    changed
  }
}
