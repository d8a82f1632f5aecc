import { Type, type Static } from 'typebox'
import type { Tags } from '../store/object-store.ts'
import { type Callback, callbackState, owedFor } from './callback.ts'
import { JobId } from './job-id.ts'
import type { Target } from './target.ts'

/** In the order in which a job goes through them; the last four are terminal. */
export const states = ['accepted', 'pending', 'running', 'succeeded', 'failed', 'canceled', 'lost'] as const
export type State = typeof states[number]

export const State = Type.Unsafe<State>(Type.String({ enum: [...states] }))
export const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' })

const terminal: ReadonlySet<State> = new Set(['succeeded', 'failed', 'canceled', 'lost'])

export function isTerminal (state: State): boolean {
  return terminal.has(state)
}

/** What is asked of a job that must not go on: why, and the terminal state it ends in. */
export const stopReasons = {
  CancelRequested: 'canceled',
  StartDeadlineExceeded: 'failed',
  KubernetesUnavailable: 'failed',
  TransferEnded: 'canceled'
} as const satisfies Record<string, State>
export type StopReason = keyof typeof stopReasons

/** The body of `state/<id>.json`. */
export interface JobRecord {
  job_uuid: string
  /** Counts the writes; because of it every write changes the ETag. */
  revision: number
  state: State
  /** A word for programs, CamelCase as Kubernetes has them; what is in the way as long as nothing runs, what ended the job when terminal. */
  reason?: string
  template: string
  /** Who asked for it: the owner of an API key, `oidc:<subject>`, `connector:<name>`, `event:<source>`; absent where nobody was asked for credentials. */
  owner?: string
  /** What the workload gets as its environment, defaults included and secrets left out. */
  env: Record<string, string>
  /** The Kueue queue that the caller named. */
  queue?: string
  /** The key of the object that ties an idempotency key to this job; goes with it. */
  idempotency?: string
  /** The W3C trace context in which the job was accepted, if there was one. */
  traceparent?: string
  /** The secret values, encrypted, as long as Kubernetes may not have them yet. */
  sealed_env?: string
  created_at: string
  started_at?: string
  finished_at?: string
  /** Of the workload in the attempt that counts. */
  exit_code?: number
  /** When a job that has not started by then is given up; later if its Job was suspended. */
  start_by: string
  /** How long the job is kept after its end, by its template. */
  retention_seconds: number
  /** When all of a job that has ended is removed; there is an `expiry/` key for it. */
  expires_at?: string
  /** The Job that this job became; written by deploy when the Job has all that belongs to it. */
  job_uid?: string
  /** The uid of the pod whose results count. */
  attempt?: string
  stop?: { reason: StopReason, at: string }
  history: { state: State, at: string }[]
  /** Whom to tell. */
  targets?: Target[]
  /** What they are owed, or were given: an outbox, filled in the same write as the state, and changed when all else of the record is not any more. */
  callbacks?: Callback[]
}

/** What an observation or a request can change of a record. */
export type Change = Partial<Pick<JobRecord, 'state' | 'started_at' | 'finished_at' | 'job_uid' | 'attempt' | 'stop'>> & {
  /** `null` takes it away. */
  reason?: string | null
  exit_code?: number | null
  sealed_env?: null
}

/** However long ago a job ended when that is noticed: who waits for its end sees it, and whatever its uploader was granted has run out. */
const LEAST_KEPT_MS = 3600_000

/**
 * The next record, or `undefined` when the change changes nothing. States only go forward, and a terminal record never
 * changes at all, whatever arrives late, twice or in disorder; what is owed is another matter (callback.ts).
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

/** The record as object tags, at most ten; a listing needs nothing else. Absent facts have no tag. */
export function tagsOf (record: JobRecord): Tags {
  const { state, reason, template, owner, started_at: started, finished_at: finished, exit_code: exitCode, expires_at: expires } = record
  // Kubernetes' word, and whoever speaks for it may say what MinIO takes in no tag.
  const word = reason?.replace(/[^A-Za-z0-9 +\-=._:/@]/g, '_').slice(0, 256)
  const tags: Record<string, string | undefined> = { state, reason: word, template, owner, started, finished, exit_code: exitCode?.toString(), expires, callback: callbackState(record.callbacks) }
  return Object.fromEntries(Object.entries(tags).filter((tag): tag is [string, string] => tag[1] !== undefined))
}

const Links = Type.Object({ self: Type.String(), results: Type.String(), log: Type.String() })

const listed = {
  job_uuid: JobId,
  state: State,
  reason: Type.Union([Type.String(), Type.Null()], { description: 'Why it is pending or how it ended; null when there is nothing to say' }),
  template: Type.String(),
  owner: Type.Union([Type.String(), Type.Null()], { description: 'Who asked for it; null when nobody was asked who he is' }),
  created_at: Time,
  started_at: Type.Union([Time, Type.Null()]),
  finished_at: Type.Union([Time, Type.Null()]),
  exit_code: Type.Union([Type.Integer(), Type.Null()], { description: 'Of the workload; null as long as it has none' }),
  expires_at: Type.Union([Time, Type.Null()], { description: 'When the job is removed with its results and its log; null as long as it has not ended' }),
  callback: Type.Union([Type.String({ enum: ['owed', 'delivered', 'dead'] }), Type.Null()], { description: 'How far whoever is to be told has been told: the worst of all callbacks; null as long as nobody is owed one' })
}

/** A job in a list. */
export const ListedJob = Type.Object({ ...listed, links: Links })

/** A job as callers see it. */
export const JobView = Type.Object({
  ...listed,
  env: Type.Record(Type.String(), Type.String(), { description: 'The environment of the workload; secret values are left out' }),
  history: Type.Array(Type.Object({ state: State, at: Time })),
  links: Links
})

export function linksOf (id: string): Static<typeof Links> {
  return { self: `/job/${id}`, results: `/job/${id}/result/list`, log: `/job/${id}/log` }
}

export function viewOf (record: JobRecord): Static<typeof JobView> {
  return {
    job_uuid: record.job_uuid,
    state: record.state,
    reason: record.reason ?? null,
    template: record.template,
    owner: record.owner ?? null,
    created_at: record.created_at,
    started_at: record.started_at ?? null,
    finished_at: record.finished_at ?? null,
    exit_code: record.exit_code ?? null,
    expires_at: record.expires_at ?? null,
    callback: callbackState(record.callbacks) ?? null,
    env: record.env,
    history: record.history,
    links: linksOf(record.job_uuid)
  }
}
