/** Runs `task` once at a time: a call during a run waits for the end of that run, and starts none of its own. */
export function joined<A extends unknown[]> (task: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  let running: Promise<void> | undefined

  return async (...args) => {
    running ??= task(...args).finally(() => {
      running = undefined
    })
    await running
  }
}
