import type { Change, JobRecord } from './job-record.ts'
import { isTerminal, states } from './job-state.ts'
import { owedFor } from './owed-callbacks.ts'

/**
 * A job is kept at least this long after its end is noticed, even if it ended long before. So clients that wait for the
 * end can see it, and all grants of its uploader have expired.
 */
const LEAST_KEPT_MS = 3600_000

/**
 * The next record, or `undefined` when the change has no effect. States only go forward. A terminal record never
 * changes, even if changes arrive late, twice or out of order. Only its callbacks may change (owed-callbacks.ts).
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
  // The secret values are not needed any more: no Secret will be created from them.
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

/** The missing `running` entry of the history. Events can be lost, but `started_at` shows that the job ran. */
function passedOver ({ state, history }: JobRecord, next: JobRecord): JobRecord['history'] {
  if (state === 'running' || !isTerminal(next.state) || next.started_at === undefined) return []
  const before = history.at(-1)?.at ?? next.created_at
  // Kubernetes times are whole seconds, so the start may seem to lie before the previous entry.
  return [{ state: 'running', at: next.started_at > before ? next.started_at : before }]
}
