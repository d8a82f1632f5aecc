import type { State } from './job-state.ts'
import type { Transfer } from './transfer.ts'

/** The states that anybody is told of. */
export const toldStates = ['running', 'succeeded', 'failed', 'canceled', 'lost'] as const satisfies State[]
type ToldState = typeof toldStates[number]

/** Whoever gave an address with the job, and wants to hear of these states. */
export interface Webhook {
  kind: 'webhook'
  url: string
  events: ToldState[]
  secret_ref: string
}

/** What K_SINK names: a Broker as a rule. */
export interface Sink {
  kind: 'sink'
}

/** Whom to tell of a job. */
export type Target = Webhook | Sink | Transfer
