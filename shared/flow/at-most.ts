/** Runs at most `most` tasks at once. Further tasks wait and start in order. */
export function atMost (most: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0

  return async (task) => {
    if (running < most) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      // The next task takes over this slot.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
