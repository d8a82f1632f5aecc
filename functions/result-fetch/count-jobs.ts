import Gauge from 'prom-client/lib/gauge.js'
import Registry from 'prom-client/lib/registry.js'
import { STATE_PREFIX } from '../../shared/store/bucket-layout.ts'
import { listAll } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/**
 * The limits of one count. The defaults keep it well within the 10 s that Prometheus waits, even if the store returns
 * the tags of each object separately.
 */
export interface Bounds {
  jobs: number
  seconds: number
}
const ONE_SCRAPE: Bounds = { jobs: 20_000, seconds: 6 }

/**
 * Counts the jobs by template and state, from the current tags of their records. A counter in memory would end with its
 * process, and a function that scales to zero has no process most of the time. The newest jobs come first, so an
 * incomplete count misses the oldest jobs.
 */
export async function countJobs (store: Store, bounds: Bounds = ONE_SCRAPE): Promise<Registry> {
  const registry = new Registry()
  const registers = [registry]
  const jobs = new Gauge({
    name: 'gx4ki_jobs',
    help: 'Stored jobs by template and state, counted from the job records at the time of the scrape',
    labelNames: ['template', 'state'],
    registers
  })
  const complete = new Gauge({
    name: 'gx4ki_jobs_complete',
    help: '1 when gx4ki_jobs counts all jobs, 0 when the count stopped early and the oldest jobs are missing',
    registers
  })
  const until = Date.now() + bounds.seconds * 1000
  let looked = 0
  complete.set(1)
  for await (const { tags: { state, template = '' } } of listAll(store, STATE_PREFIX, { tags: true })) {
    if (looked === bounds.jobs || Date.now() > until) {
      complete.set(0)
      break
    }
    looked++
    // An object without a state is the placeholder of a job that is being removed.
    if (state !== undefined) jobs.inc({ template, state })
  }
  return registry
}
