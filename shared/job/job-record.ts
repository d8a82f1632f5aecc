import type { Callback } from './callback.ts'
import type { State } from './job-state.ts'
import type { Target } from './target.ts'

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
  /**
   * A word for programs, CamelCase as Kubernetes has them; what is in the way as long as nothing runs, what ended the
   * job when terminal.
   */
  reason?: string
  template: string
  /**
   * Who asked for it: the owner of an API key, `oidc:<subject>`, `connector:<name>`, `event:<source>`; absent where
   * nobody was asked for credentials.
   */
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
  /**
   * What they are owed, or were given: an outbox, filled in the same write as the state, and changed when all else of
   * the record is not any more.
   */
  callbacks?: Callback[]
}

/** What an observation or a request can change of a record. */
export type Change =
  & Partial<Pick<JobRecord, 'state' | 'started_at' | 'finished_at' | 'job_uid' | 'attempt' | 'stop'>>
  & {
    /** `null` takes it away. */
    reason?: string | null
    exit_code?: number | null
    sealed_env?: null
  }
