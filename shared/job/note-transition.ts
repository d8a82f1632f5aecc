import { runSeconds, startSeconds } from '../telemetry/metrics.ts'
import { addPastSpan } from '../telemetry/tracing.ts'
import type { JobRecord } from './job-record.ts'
import { isTerminal } from './job-state.ts'

/**
 * Tells metrics and traces that a job has gone from one state to another. To be called by who has written that, for
 * only one can: so it is told once, however many events there were.
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
 * The states that the job has left become spans of the trace in which it was accepted. Children, not links: who looks
 * for a job has its whole story in one trace, of a few spans however many events and pings there were; a link leads to
 * the request that wrote the change.
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

/** Kubernetes has whole seconds, so what came first may seem to come later. */
function secondsBetween (from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
}
