import type { FastifyPluginAsync } from 'fastify'
import type { Cluster } from '../../shared/kubernetes/cluster.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { jobEvents } from './job-events.ts'
import { jobLogRoute } from './job-log-route.ts'
import type { StreamTimes } from './stream-events.ts'
import { watchedJobs } from './watched-jobs.ts'

export interface JobWatchOptions {
  store: Store
  cluster: Cluster
  times: StreamTimes
  /** The bytes that logs may have in memory, of all jobs that are watched. */
  memory?: number
}

/** Sixteen whole logs. */
const MEMORY = 160 * 1024 * 1024

/**
 * Shows a job as it happens: its events, and its log while it runs. It may read the pods of jobs and their logs, and
 * nothing else in Kubernetes.
 */
export function jobWatch ({ store, cluster, times, memory = MEMORY }: JobWatchOptions): FastifyPluginAsync {
  return async function (plugin) {
    const stopping = new AbortController()
    plugin.addHook('preClose', async () => stopping.abort())
    const join = watchedJobs({ store, cluster, memory: { left: memory } })
    const deps = { store, cluster, times, join, stopping: stopping.signal }
    await plugin.register(jobEvents(deps))
    await plugin.register(jobLogRoute(deps))
  }
}
