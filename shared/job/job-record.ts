import type { Callback } from './callbacks/callback.ts'
import type { State } from './job-state.ts'
import type { Reason } from './reasons/why.ts'
import type { ResultCounts } from './result-counts.ts'
import type { Target } from './callbacks/target.ts'

/** The reasons to stop a job, with the terminal state in which the stopped job ends. */
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
  /** The number of writes. It makes sure that every write changes the ETag. */
  revision: number
  state: State
  /** A reason code in CamelCase, as in Kubernetes: why nothing runs yet, or how the job ended. */
  reason?: string
  /** The reason in one or two sentences, for people. */
  message?: string
  template: string
  /**
   * The owner of the job: the owner of an API key, `oidc:<subject>`, `connector:<name>` or `event:<source>`; absent if
   * the function did not require a credential.
   */
  owner?: string
  /** The owner has a limit of open jobs, and this one counts until it has ended. There is a `counted/` key for it. */
  counted?: true
  /** The environment of the workload, with defaults and without secrets. */
  env: Record<string, string>
  /** The Kueue queue that the caller named. */
  queue?: string
  /** The key of the object that connects an idempotency key with this job. It is removed with the job. */
  idempotency?: string
  /** The W3C trace context of the request that created the job, if there was one. */
  traceparent?: string
  /** The secret values, encrypted. They stay here until Kubernetes has them. */
  sealed_env?: string
  created_at: string
  started_at?: string
  finished_at?: string
  /** The exit code of the workload in the attempt that counts. */
  exit_code?: number
  /** The time by which the job must start, or it fails. If its Job was suspended, the time is later. */
  start_by: string
  /** How long the job is kept after its end, from its template. */
  retention_seconds: number
  /** When an ended job is removed with all its objects. There is an `expiry/` key for this time. */
  expires_at?: string
  /** The uid of the Job of this job. deploy writes it when the Job and all its objects exist. */
  job_uid?: string
  /** The uid of the pod whose results count. */
  attempt?: string
  /** What became of the results, once the job has ended; absent for a job that never ran. */
  results?: ResultCounts
  stop?: { reason: StopReason, at: string }
  history: { state: State, at: string }[]
  /** The receivers of callbacks. */
  targets?: Target[]
  /**
   * The callbacks to the targets: an outbox. They are added in the same write as the state. They may change after all
   * other fields are final.
   */
  callbacks?: Callback[]
}

/** The fields of a record that an observation or a request can change. */
export type Change =
  & Partial<Pick<JobRecord, 'state' | 'started_at' | 'finished_at' | 'job_uid' | 'attempt' | 'results' | 'stop'>>
  & {
    /** `null` removes the field. */
    reason?: Reason | null
    message?: string | null
    exit_code?: number | null
    sealed_env?: null
  }
