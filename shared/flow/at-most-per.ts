/**
 * Runs at most `most` tasks at once, and at most `each` of one key. A key that uses up its share delays only its own
 * tasks, which start in order. The keys take turns.
 */
export function atMostPer (
  { most, each }: { most: number, each: number }
): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  /** The keys with waiting tasks. The one whose turn is longest ago comes first. */
  const waiting = new Map<string, (() => void)[]>()
  const running = new Map<string, number>()
  let all = 0

  function startNext (): void {
    for (const [key, starts] of waiting) {
      if (all === most) return
      const count = running.get(key) ?? 0
      if (count >= each) continue
      all++
      running.set(key, count + 1)
      waiting.delete(key)
      starts.shift()!()
      if (starts.length > 0) waiting.set(key, starts)
    }
  }

  return async (key, task) => {
    await new Promise<void>((resolve) => {
      const starts = waiting.get(key)
      if (starts === undefined) waiting.set(key, [resolve])
      else starts.push(resolve)
      startNext()
    })
    try {
      return await task()
    } finally {
      all--
      const left = running.get(key)! - 1
      if (left === 0) running.delete(key)
      else running.set(key, left)
      startNext()
    }
  }
}
