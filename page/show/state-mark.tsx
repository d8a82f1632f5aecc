import type { State } from '../api/shapes.ts'

const MARKS: Record<State, string> = {
  accepted: '○',
  pending: '◌',
  running: '◔',
  succeeded: '✓',
  failed: '✕',
  canceled: '⊘',
  lost: '?'
}
export const STATES = Object.keys(MARKS) as State[]

export function markOf (state: State): string {
  return MARKS[state]
}

export function hasEnded (state: State): boolean {
  return ['succeeded', 'failed', 'canceled', 'lost'].includes(state)
}

/** A state as symbol, word and colour: none of them alone says it to everybody. */
export function StateMark ({ state }: { state: State }) {
  return <span class={`state ${state}`}><span aria-hidden='true'>{MARKS[state]}</span> {state}</span>
}
