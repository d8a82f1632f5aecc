export interface Pulse {
  /** Wakes all that wait. */
  beat: () => void
  /** Resolves at the next beat. */
  next: () => Promise<void>
}

/** Tells any number of waiting tasks that something has changed; what it is, they look up. */
export function pulse (): Pulse {
  let coming = Promise.withResolvers<void>()
  return {
    beat () {
      const { resolve } = coming
      coming = Promise.withResolvers()
      resolve()
    },
    next: () => coming.promise
  }
}
