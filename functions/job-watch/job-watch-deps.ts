import type { FoundRecord } from '../../shared/job/record-store.ts'
import type { Cluster } from '../../shared/kubernetes/cluster.ts'
import type { Store } from '../../shared/store/open-store.ts'
import type { StreamTimes } from './stream-events.ts'
import type { Watched } from './watched-jobs.ts'

/** What the routes work with. */
export interface JobWatchDeps {
  store: Store
  cluster: Cluster
  times: StreamTimes
  /** Adds a watcher of a job. */
  join: (found: FoundRecord) => Watched
  /** Aborted when the function stops: a stream must not delay that. */
  stopping: AbortSignal
}
