import type { Answer, OutgoingRequest } from '../../../shared/egress/exchange.ts'
import type { Callback } from '../../../shared/job/callbacks/callback.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import type { Target } from '../../../shared/job/callbacks/target.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import type { CallbackSettings } from './callback-settings.ts'

/** The data from which the request of a callback is built. */
export interface Told<T extends Target> {
  record: JobRecord
  callback: Callback
  target: T
  settings: CallbackSettings
  store: Store
}

/** `later`: try again while the schedule has tries left. `never`: give up. */
export type Outcome = 'delivered' | 'later' | 'never'

/**
 * Builds the requests of one kind of target and interprets their answers. If there is no answer, the outcome is
 * `later`. When `request` throws an Error with a `failure`, clients can see that reason code. After `ResultMissing`,
 * the callback is given up.
 */
export interface CallbackKind<T extends Target> {
  request: (told: Told<T>) => OutgoingRequest | Promise<OutgoingRequest>
  outcome: (answer: Answer, callback: Callback) => Outcome
  /** The time limit of a request in ms; `undefined` for the default. */
  timeoutMs?: (callback: Callback) => number | undefined
  /**
   * Changes the record when a callback becomes `delivered` or `dead`, in the same write. `status` is that of the last
   * answer; `undefined` if there was no answer.
   */
  settled?: (record: JobRecord, callback: Callback, status: number | undefined, now: Date) => JobRecord
}
