import { runSeconds, startSeconds } from '../telemetry/metrics.ts'
import { addPastSpan } from '../telemetry/tracing.ts'
import type { JobRecord } from './job-record.ts'
import { isTerminal } from './job-state.ts'

/**
 * Reports to metrics and traces that a job has gone from one state to another. Only the process that wrote the change
 * may call this. The write succeeds for one process only, so each transition is reported once, however many events
 * arrived.
 */
export function noteTransition (before: JobRecord, after: JobRecord): void {
  const { template, state, created_at: created, started_at: started, finished_at: finished } = after
  if (before.state === state) return
  if (started !== undefined && before.state !== 'running') {
    startSeconds.observe({ template }, secondsBetween(created, started))
  }
  if (isTerminal(state) && started !== undefined && finished !== undefined) {
    runSeconds.observe({ template, state }, secondsBetween(started, finished))
  }
  addSpans(before, after)
}

/**
 * Adds a span for each state that the job has left to the trace in which the job was accepted. The spans are children
 * and not only links, so one trace shows the whole life of a job. It has few spans, however many events and pings
 * arrived. A link leads to the request that wrote the change.
 */
function addSpans (
  before: JobRecord,
  { job_uuid: id, template, state, reason, traceparent, history }: JobRecord
): void {
  if (traceparent === undefined) return
  const passed = history.slice(before.history.length - 1)
  for (const [index, { state: left, at }] of passed.slice(0, -1).entries()) {
    const next = passed[index + 1]!
    const isFailure = next.state === 'failed' || next.state === 'lost'
    addPastSpan(traceparent, `job ${left}`, { from: at, to: next.at }, {
      attributes: { 'gx4ki.job.uuid': id, 'gx4ki.job.template': template, 'gx4ki.job.next_state': next.state },
      error: isFailure ? reason ?? state : undefined
    })
  }
}

/** At least 0: Kubernetes times are whole seconds, so the later time may seem to be the earlier one. */
function secondsBetween (from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
}
