import Counter from 'prom-client/lib/counter.js'
import Histogram from 'prom-client/lib/histogram.js'
import Registry from 'prom-client/lib/registry.js'

/**
 * The metrics of this process; they end with it. Numbers that must outlive a process are read from the bucket instead:
 * count-jobs.ts.
 */
export const metrics = new Registry()
const registers = [metrics]

const MINUTE = 60
const HOUR = 3600

export const startSeconds = new Histogram({
  name: 'gx4ki_job_start_seconds',
  help:
    'Seconds from the acceptance of a job to the start of its workload; observed once for each job, by the function that records the start',
  labelNames: ['template'],
  buckets: [1, 2, 5, 10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR],
  registers
})

export const runSeconds = new Histogram({
  name: 'gx4ki_job_run_seconds',
  help:
    'Seconds from the start of the workload of a job to the end of the job; observed once for each job, by the function that records the end',
  labelNames: ['template', 'state'],
  buckets: [10, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR],
  registers
})

export const eventsSeen = new Counter({
  name: 'gx4ki_events_total',
  help: 'Valid CloudEvents that arrived, repeated deliveries included; the type is "any" on routes that accept all types',
  labelNames: ['path', 'type'],
  registers
})

export const eventsWithoutEffect = new Counter({
  name: 'gx4ki_events_without_effect_total',
  help:
    'Events about a job that did not change its record: duplicates, late events, and changes that a record does not show',
  labelNames: ['type'],
  registers
})

export const pingRepairs = new Counter({
  name: 'gx4ki_ping_repairs_total',
  help:
    'Repairs by a ping, because no event or request had done the work: "state" is a state that no event reported; the other names are those in the log',
  labelNames: ['repair'],
  registers
})

export const storeErrors = new Counter({
  name: 'gx4ki_store_errors_total',
  help:
    'Requests to the object store that failed, by S3 operation; the status is 4xx, 5xx, another class, "none" (no answer) or "unreadable" (then without an operation)',
  labelNames: ['operation', 'status'],
  registers
})

export const kubernetesErrors = new Counter({
  name: 'gx4ki_kubernetes_errors_total',
  help:
    'Requests that the API server answered with an error, except 404 and 409, which are ordinary answers here; the status "none" means no answer',
  labelNames: ['call', 'status'],
  registers
})
