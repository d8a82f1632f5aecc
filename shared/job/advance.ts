import type { Change, JobRecord } from './job-record.ts'
import { isTerminal, states } from './job-state.ts'
import { owedFor } from './owed-callbacks.ts'

/**
 * However long ago a job ended when that is noticed: who waits for its end sees it, and whatever its uploader was
 * granted has run out.
 */
const LEAST_KEPT_MS = 3600_000

/**
 * The next record, or `undefined` when the change changes nothing. States only go forward, and a terminal record never
 * changes at all, whatever arrives late, twice or in disorder; what is owed is another matter (owed-callbacks.ts).
 */
export function advance (record: JobRecord, change: Change, now: Date): JobRecord | undefined {
  if (isTerminal(record.state)) return undefined
  const { state = record.state, ...facts } = change
  const forward = states.indexOf(state) > states.indexOf(record.state)
  const next: JobRecord = { ...record, state: forward ? state : record.state }
  for (const [name, value] of Object.entries(facts)) {
    if (value === null) delete next[name as 'reason']
    else if (value !== undefined) Object.assign(next, { [name]: value })
  }
  if (forward && isTerminal(state)) next.expires_at = expiryOf(next, now)
  // Nobody will make a Secret of it any more.
  if (isTerminal(next.state)) delete next.sealed_env
  if (forward) {
    next.history = [...record.history, ...passedOver(record, next), { state, at: now.toISOString() }]
    const owed = owedFor(next, now)
    if (owed.length > 0) next.callbacks = [...record.callbacks ?? [], ...owed]
  }
  if (JSON.stringify(next) === JSON.stringify(record)) return undefined
  next.revision = record.revision + 1
  return next
}

function expiryOf ({ finished_at: finished, retention_seconds: seconds }: JobRecord, now: Date): string {
  const end = finished === undefined ? now.getTime() : Date.parse(finished)
  return new Date(Math.max(end + seconds * 1000, now.getTime() + LEAST_KEPT_MS)).toISOString()
}

/** Events get lost; that a job ran is known all the same when it has ended. */
function passedOver ({ state, history }: JobRecord, next: JobRecord): JobRecord['history'] {
  if (state === 'running' || !isTerminal(next.state) || next.started_at === undefined) return []
  const before = history.at(-1)?.at ?? next.created_at
  // Kubernetes has whole seconds, which may lie before what came first.
  return [{ state: 'running', at: next.started_at > before ? next.started_at : before }]
}
