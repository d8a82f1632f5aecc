import Counter from 'prom-client/lib/counter.js'
import Histogram from 'prom-client/lib/histogram.js'
import Registry from 'prom-client/lib/registry.js'

/**
 * What this process has counted; it ends with it. What must outlive a process is read from the bucket instead:
 * count-jobs.ts.
 */
export const metrics = new Registry()
const registers = [metrics]

const MINUTE = 60
const HOUR = 3600

export const startSeconds = new Histogram({
  name: 'gx4ki_job_start_seconds',
  help:
    'Seconds from the acceptance of a job to the start of its workload; observed once a job, by the function that notes the start',
  labelNames: ['template'],
  buckets: [1, 2, 5, 10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR],
  registers
})

export const runSeconds = new Histogram({
  name: 'gx4ki_job_run_seconds',
  help:
    'Seconds from the start of the workload of a job to the end of the job; observed once a job, by the function that notes the end',
  labelNames: ['template', 'state'],
  buckets: [10, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR],
  registers
})

export const eventsSeen = new Counter({
  name: 'gx4ki_events_total',
  help: 'Valid CloudEvents that arrived, repeated deliveries included; the type is "any" where all types are taken',
  labelNames: ['path', 'type'],
  registers
})

export const eventsWithoutEffect = new Counter({
  name: 'gx4ki_events_without_effect_total',
  help:
    'Events about a job whose record said already what it must say: duplicates, late ones, and changes that no record shows',
  labelNames: ['type'],
  registers
})

export const pingRepairs = new Counter({
  name: 'gx4ki_ping_repairs_total',
  help:
    'What a ping put right because no event or request had: "state" is a state that no event told; the others as the log has them',
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
    'Requests to the API server that it answered with an error, 404 and 409 excepted, which are ordinary answers here; "none": no answer',
  labelNames: ['call', 'status'],
  registers
})
