import { Type, type Static } from 'typebox'
import { type Callback, CallbackState } from './callback.ts'
import type { JobRecord } from '../job-record.ts'
import { Time } from '../job-view.ts'

export const CallbackId = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,100}$',
  'x-message': 'must be the id of a callback',
  description: 'The id of a callback, from GET /job/{id}/callback'
})

const Attempt = Type.Object({
  at: Time,
  status: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The status of the answer; null when there was no answer'
  }),
  error: Type.Union([Type.String(), Type.Null()], {
    description: 'The reason code when there was no answer. If status is null too, the attempt is in progress or was interrupted'
  })
}, { title: 'CallbackAttempt' })

/** A callback as callers see it. */
export const CallbackView = Type.Object({
  id: CallbackId,
  kind: Type.String({ description: 'The kind of receiver: webhook, sink, …' }),
  to: Type.Union([Type.String(), Type.Null()], {
    description: 'The origin of the receiver URL; null if the address comes from the settings of the operator'
  }),
  call: Type.String({ description: 'What the callback reports; for a webhook, the state of the job' }),
  state: CallbackState,
  next_try_at: Type.Union([Time, Type.Null()], {
    description: 'The first ping after this time makes the next attempt; null when there will be none'
  }),
  attempts: Type.Array(Attempt)
}, { title: 'Callback' })

/**
 * Shows only the origin of a URL, because the path and the query may contain credentials. Does not show the content of
 * answers.
 */
export function callbackView (
  { targets = [] }: JobRecord,
  { id, target: index, call, state, due_at: due, attempts }: Callback
): Static<typeof CallbackView> {
  const target = targets[index]!
  return {
    id,
    kind: target.kind,
    to: 'url' in target ? new URL(target.url).origin : null,
    call,
    state,
    next_try_at: due ?? null,
    attempts: attempts.map(({ at, status, error }) => ({ at, status: status ?? null, error: error ?? null }))
  }
}
