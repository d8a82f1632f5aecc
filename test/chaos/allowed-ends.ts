import type { Observation } from './observation.ts'
import { expectedOf } from './truth.ts'

export interface End {
  state: string
  reason: string | null
}

/**
 * A sidecar that is killed so shortly before its pod begins to end, or after that, is not started again: neither by
 * Kubernetes nor here. Its results stay incomplete, and nobody can tell the names.
 */
const TOO_LATE_MS = 3000

/** A workload that is overdue gets SIGTERM so much later than its pod begins to end: the preStop hook sleeps. */
const OVERDUE_MS = 10_000

/**
 * Whether a job that a client was answered 202 for may turn out to be one that was given up. That happens when deploy
 * gives up a job and cannot free its idempotency key: then the same request gives the same job, until its end.
 */
const GIVEN_UP_MAY_BE_ACCEPTED = true

/** Whether an uploader was killed so late that it was not started again. */
export function uploaderWasLost ({ plan, hits, truth }: Pick<Observation, 'plan' | 'hits' | 'truth'>): boolean {
  const ended = (truth?.at ?? 0) - (plan.ends === 'deadline' ? OVERDUE_MS : 0)
  const canceled = hits.filter(({ what }) => what === 'cancel').map(({ at }) => at)
  const begunToEnd = Math.min(ended, ...canceled)
  return hits.some(({ what, at }) => what === 'kill uploader' && at > begunToEnd - TOO_LATE_MS)
}

/**
 * The ends that a job may have, by its plan and by what was done to it. Faults of requests and crashes of functions
 * must not make a difference.
 */
export function allowedEnds ({ plan, hits, truth, jobsMade }: Observation): End[] {
  const ends: End[] = []
  const failed = (reason: string): End => ({ state: 'failed', reason })
  if (plan.ends === 'deadline') ends.push(failed('DeadlineExceeded'))
  if (plan.ends === 'itself' && truth?.at !== undefined) {
    const isIncomplete = expectedOf(truth).impossible.length > 0
    if (plan.script.exit !== 0) ends.push(failed('BackoffLimitExceeded'))
    else ends.push(isIncomplete ? failed('ResultsIncomplete') : { state: 'succeeded', reason: null })
  }
  const wasHit = (what: string): boolean => hits.some((hit) => hit.what === what)
  if (wasHit('cancel')) ends.push({ state: 'canceled', reason: 'CancelRequested' })
  if (wasHit('kill workload')) ends.push(failed('BackoffLimitExceeded'))
  if (uploaderWasLost({ plan, hits, truth: truth! })) ends.push(failed('ResultsIncomplete'))
  if (GIVEN_UP_MAY_BE_ACCEPTED && jobsMade <= 1) ends.push(failed('KubernetesUnavailable'))
  return ends
}
