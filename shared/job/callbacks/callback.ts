import { Type } from 'typebox'

/**
 * `dead`: given up after the last try, or because the receiver wants no more calls. `dropped`: no longer needed,
 * because the transfer has ended, or because the connector has learned otherwise what the call says.
 */
export const callbackStates = ['owed', 'delivered', 'dead', 'dropped'] as const
export type CallbackState = typeof callbackStates[number]

/** Such a state in the documents of callers. */
export const CallbackState = Type.String({
  title: 'CallbackState',
  enum: [...callbackStates],
  description: 'dead: given up. dropped: not needed any more, because the transfer has ended, or because the ' +
    'connector has asked again before it was called'
})

/** A call that a target is owed, or was owed. */
export interface Callback {
  /** Unique in this job, and safe in a URL. Together with the job id, it is the same at every try. */
  id: string
  /** The index of its target in the record. */
  target: number
  /** What the call reports, in the terms of the target's kind. */
  call: string
  state: CallbackState
  /** When the next try is due. */
  due_at?: string
  /** The next try is outside of the schedule, because the receiver answers again. */
  extra?: true
  /** When a caller has requested a redelivery during a try. Then one more try follows it, however it ends. */
  again_at?: string
  /** The end of the current claim. Until then, only the process that holds the claim may try. */
  trying_until?: string
  /**
   * One entry for each try, added when the try begins. An entry without status and error is in progress, or was
   * interrupted.
   */
  attempts: Attempt[]
}

/** `error` is a reason code that every client may see. */
export interface Attempt {
  at: string
  status?: number
  error?: string
  /** The try does not count in the schedule. */
  extra?: true
}

/** How an attempt ended, and when the next one is due. `due_at` is needed only if the callback is still owed. */
export interface Ended {
  result: Omit<Attempt, 'at'>
  state: CallbackState
  due_at?: string
}

export function isDue ({ state, due_at: due = '', trying_until: trying = '' }: Callback, now: Date): boolean {
  const time = now.toISOString()
  return state === 'owed' && due <= time && trying <= time
}

/** One state for all callbacks of a job: the worst one. */
export function callbackState (callbacks: Callback[] = []): CallbackState | undefined {
  return (['dead', 'owed', 'delivered', 'dropped'] as const).find((state) => callbacks.some((one) => one.state === state))
}
