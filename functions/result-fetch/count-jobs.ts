import Gauge from 'prom-client/lib/gauge.js'
import Registry from 'prom-client/lib/registry.js'
import { STATE_PREFIX } from '../../shared/store/bucket-layout.ts'
import { listAll } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/**
 * What one count looks at: well within the 10 s that Prometheus waits, on a store that tells the tags one by one too.
 */
export interface Bounds {
  jobs: number
  seconds: number
}
const ONE_SCRAPE: Bounds = { jobs: 20_000, seconds: 6 }

/**
 * The jobs that there are, by template and state, from the tags of their records as they are now: a counter would end
 * with its process, and a function that scales to zero has none most of the time. The newest come first, so what is cut
 * off are the oldest.
 */
export async function countJobs (store: Store, bounds: Bounds = ONE_SCRAPE): Promise<Registry> {
  const registry = new Registry()
  const registers = [registry]
  const jobs = new Gauge({
    name: 'gx4ki_jobs',
    help: 'Jobs that are kept, by template and state, as the records have it just now',
    labelNames: ['template', 'state'],
    registers
  })
  const complete = new Gauge({
    name: 'gx4ki_jobs_complete',
    help: '1 when gx4ki_jobs counts all jobs, 0 when the count was cut off and the oldest are missing',
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
    // Without one it is what stands in for a job that is being removed.
    if (state !== undefined) jobs.inc({ template, state })
  }
  return registry
}
