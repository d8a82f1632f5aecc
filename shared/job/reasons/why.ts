import { kubernetesReasons } from './kubernetes-reasons.ts'
import type { Meaning } from './meaning.ts'
import { ownReasons } from './own-reasons.ts'

declare const ofKubernetes: unique symbol

/** A reason that Kubernetes gave, or that a record has. */
export type GivenReason = string & { readonly [ofKubernetes]: true }

/** A reason of a job. One that stands in the code must be in a table. */
export type Reason = keyof typeof ownReasons | keyof typeof kubernetesReasons | GivenReason

/** Why a job does not run, or how it ended: a word for programs, and a sentence or two for people. */
export interface Why {
  reason: Reason
  message: string
}

export const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>(
  Object.entries({ ...kubernetesReasons, ...ownReasons })
)

export function asGiven (reason: string): GivenReason {
  return reason as GivenReason
}

/** A reason, with a message of what happened and what to do. Both are sentences, and may be empty. */
export function why (reason: Reason, what: string, todo = meanings.get(reason)?.todo ?? ''): Why {
  return { reason, message: [what, todo].filter((text) => text !== '').join(' ') }
}

/** A reason that needs no more words than its meaning. */
export function plainly (reason: keyof typeof ownReasons): Why {
  return why(reason, ownReasons[reason].means)
}
