/** Runs so many tasks at once; the others wait their turn, in order. */
export function atMost (most: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0

  return async (task) => {
    if (running < most) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      // Whoever is next takes this one's place.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
