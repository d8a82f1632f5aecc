import { Type, type Static } from 'typebox'
import type { Callback } from './callback.ts'
import type { JobRecord } from './job-record.ts'
import { Time } from './job-view.ts'

export const CallbackId = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,100}$',
  'x-message': 'must be the id of a callback',
  description: 'Of GET /job/{id}/callback'
})

/** A callback as callers see it. */
export const CallbackView = Type.Object({
  id: CallbackId,
  kind: Type.String({ description: 'webhook, sink, …' }),
  to: Type.Union([Type.String(), Type.Null()], {
    description: "The origin of its URL; null for an address that is the operator's own"
  }),
  call: Type.String({ description: 'What is told: of a webhook, the state of the job' }),
  state: Type.String({ enum: ['owed', 'delivered', 'dead'] }),
  next_try_at: Type.Union([Time, Type.Null()], {
    description: 'Made by the first ping after it; null when there will be none'
  }),
  attempts: Type.Array(Type.Object({
    at: Time,
    status: Type.Union([Type.Integer(), Type.Null()], { description: 'Of the answer; null when there was none' }),
    error: Type.Union([Type.String(), Type.Null()], {
      description: 'A word for why there was none; null beside no status when the attempt is under way or was cut off'
    })
  }))
})

/**
 * Of a URL only where it leads to: its path and its query may be what opens the door there. No attempt tells what was
 * answered.
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
