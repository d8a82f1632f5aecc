import { Type } from 'typebox'

/** In the order of a job's life. The last four states are terminal. */
export const states = ['accepted', 'pending', 'running', 'succeeded', 'failed', 'canceled', 'lost'] as const
export type State = typeof states[number]

export const State = Type.Unsafe<State>(Type.String({ enum: [...states], title: 'JobState' }))

const terminal: ReadonlySet<State> = new Set(['succeeded', 'failed', 'canceled', 'lost'])

export function isTerminal (state: State): boolean {
  return terminal.has(state)
}
