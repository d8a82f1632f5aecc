export interface Lent<T> {
  value: T
  giveBack: () => void
}

/** At most `most` values, each made at its first use and then used in turn. Further users wait, in order. */
export function poolOf<T> (most: number, make: () => T): () => Promise<Lent<T>> {
  const free: T[] = []
  const waiting: ((lent: Lent<T>) => void)[] = []
  let made = 0

  function lend (value: T): Lent<T> {
    return {
      value,
      giveBack: () => {
        const next = waiting.shift()
        if (next === undefined) free.push(value)
        else next(lend(value))
      }
    }
  }

  return async () => {
    const value = free.pop()
    if (value !== undefined) return lend(value)
    if (made === most) return await new Promise((resolve) => waiting.push(resolve))
    made++
    return lend(make())
  }
}
