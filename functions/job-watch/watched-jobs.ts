import { pulse } from '../../shared/flow/pulse.ts'
import type { FoundRecord } from '../../shared/job/record-store.ts'
import { watchJobs } from '../../shared/job/watch-jobs.ts'
import { followLog, type FollowDeps } from './log/follow-log.ts'
import { hasEnded } from './has-ended.ts'
import { feedJob, type JobFeed } from './job-feed.ts'
import type { JobLog } from './log/job-log.ts'

/** What is in memory of a job that is watched. */
export interface Watched {
  feed: JobFeed
  /** The log is read only when a watcher wants it. */
  log: () => JobLog
  /** To be called when the watcher is gone. */
  leave: () => void
}

/** How long a job stays in memory that nobody watches: streams end and begin anew all the time. */
const LINGER_MS = 10_000
/** Between two looks at the record of a job. With the looks at its results, that is about two reads a second. */
const LOOK_MS = 850

interface Entry extends Pick<Watched, 'feed'> {
  log?: JobLog
  watchers: number
  stop: AbortController
  linger?: NodeJS.Timeout
}

/** The jobs that are watched: what is read of each of them is read once, however many watch it. */
export function watchedJobs (deps: FollowDeps): (found: FoundRecord) => Watched {
  const { store } = deps
  const watch = watchJobs(store, LOOK_MS)
  const jobs = new Map<string, Entry>()

  return function join (found) {
    const { job_uuid: id } = found.record
    const entry = jobs.get(id) ?? begin(found)
    entry.feed.renew(found)
    entry.watchers++
    clearTimeout(entry.linger)
    let isGone = false
    return {
      feed: entry.feed,
      log () {
        entry.log ??= beginLog(entry)
        return entry.log
      },
      leave () {
        if (isGone) return
        isGone = true
        if (--entry.watchers === 0) entry.linger = setTimeout(() => end(id, entry), LINGER_MS).unref()
      }
    }
  }

  function begin (found: FoundRecord): Entry {
    const stop = new AbortController()
    const entry = { feed: feedJob(store, watch, found, stop.signal), watchers: 0, stop }
    jobs.set(found.record.job_uuid, entry)
    return entry
  }

  function beginLog ({ feed, stop }: Entry): JobLog {
    const log: JobLog = { parts: [], hasEnded: () => hasEnded(feed.record()), isOver: false, changed: pulse() }
    followLog(deps, feed, log, stop.signal).catch(() => {})
    return log
  }

  function end (id: string, { stop, log }: Entry): void {
    jobs.delete(id)
    stop.abort()
    for (const { window } of log?.parts ?? []) window.close()
  }
}
