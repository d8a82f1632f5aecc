import type { Change, JobRecord } from './job-record.ts'
import { isTerminal, states } from './job-state.ts'
import { owedFor } from './callbacks/owed-callbacks.ts'

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
  // Kubernetes times are whole seconds, and its clock is another one.
  if (next.started_at !== undefined) next.started_at = later(next.started_at, next.created_at)
  if (next.finished_at !== undefined) next.finished_at = later(next.finished_at, next.started_at ?? next.created_at)
  if (forward && isTerminal(state)) next.expires_at = expiryOf(next, now)
  // The secret values are not needed any more: no Secret will be created from them.
  if (isTerminal(next.state)) delete next.sealed_env
  if (forward) {
    const passed = passedOver(record, next)
    const before = passed.at(-1)?.at ?? record.history.at(-1)?.at ?? next.created_at
    const steps = [...passed, { state, at: later(now.toISOString(), before) }]
    next.history = [...record.history, ...steps]
    // A receiver that wants to be told of `running` is told also when nothing saw the job run.
    const owed = steps.flatMap((step) => owedFor({ ...next, state: step.state }, now))
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
  return [{ state: 'running', at: later(next.started_at, history.at(-1)?.at ?? next.created_at) }]
}

/** The later of two times. They are all in the form of `Date.toISOString`, so their order is that of the texts. */
function later (one: string, other: string): string {
  return one > other ? one : other
}
