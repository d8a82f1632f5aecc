import type { Answer, OutgoingRequest } from '../../../shared/egress/guarded-request.ts'
import type { Callback } from '../../../shared/job/callback.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import type { Target } from '../../../shared/job/target.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import type { CallbackSettings } from './callback-settings.ts'

/** What a callback's request is made of. */
export interface Told<T extends Target> {
  record: JobRecord
  callback: Callback
  target: T
  settings: CallbackSettings
  store: Store
}

/** `later` is tried again as long as the schedule has tries; `never` is given up. */
export type Outcome = 'delivered' | 'later' | 'never'

/**
 * How the callbacks of one kind of target are made, and what their answers mean. That there is none always means
 * `later`; an Error with a `failure` says why for everybody to see.
 */
export interface CallbackKind<T extends Target> {
  request: (told: Told<T>) => OutgoingRequest | Promise<OutgoingRequest>
  outcome: (answer: Answer, callback: Callback) => Outcome
  /** How long a request may take, where that is longer than usual. */
  timeoutMs?: (callback: Callback) => number | undefined
  /**
   * What follows for the record when a callback is owed no more, in the same write; `status` is the last answer's, if
   * there was one.
   */
  settled?: (record: JobRecord, callback: Callback, status: number | undefined, now: Date) => JobRecord
}
