export interface Pulse {
  /** Wakes all that wait. */
  beat: () => void
  /** Calls `wake` at each beat, until the returned function is called. */
  subscribe: (wake: () => void) => () => void
}

/** Tells any number of waiting tasks that something has changed; what it is, they look up. */
export function pulse (): Pulse {
  const waiting = new Set<() => void>()
  return {
    beat () {
      for (const wake of [...waiting]) wake()
    },
    subscribe (wake) {
      waiting.add(wake)
      return () => waiting.delete(wake)
    }
  }
}
