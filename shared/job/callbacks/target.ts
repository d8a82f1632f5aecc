import type { State } from '../job-state.ts'
import type { Transfer } from '../transfers/transfer.ts'

/** The states that callbacks report. */
export const toldStates = ['running', 'succeeded', 'failed', 'canceled', 'lost'] as const satisfies State[]
type ToldState = typeof toldStates[number]

/** A receiver URL that was given with the job, and the states that it wants to receive. */
export interface Webhook {
  kind: 'webhook'
  url: string
  events: ToldState[]
  secret_ref: string
}

/** The address in K_SINK, usually a Broker. */
export interface Sink {
  kind: 'sink'
}

/** A receiver of callbacks about a job. */
export type Target = Webhook | Sink | Transfer
