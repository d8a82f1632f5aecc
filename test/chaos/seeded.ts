import { createHash } from 'node:crypto'

export interface Random {
  /** From 0 up to, but not including, 1. */
  next: () => number
  /** From `least` up to, but not including, `most`. */
  between: (least: number, most: number) => number
  /** From `least` to `most`, both included. */
  integer: (least: number, most: number) => number
  chance: (probability: number) => boolean
  pick: <T>(list: readonly T[]) => T
  shuffled: <T>(list: readonly T[]) => T[]
}

/** Numbers that follow from the parts of a seed, and from nothing else (sfc32, from the SHA-256 of the parts). */
export function seeded (...parts: (string | number)[]): Random {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest()
  let [a, b, c, count] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at)) as [number, number, number, number]

  function next (): number {
    const sum = (a + b + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum | 0
    return (sum >>> 0) / 2 ** 32
  }

  const between = (least: number, most: number): number => least + next() * (most - least)
  const integer = (least: number, most: number): number => Math.floor(between(least, most + 1))
  return {
    next,
    between,
    integer,
    chance: (probability) => next() < probability,
    pick: (list) => list[integer(0, list.length - 1)]!,
    shuffled: (list) =>
      list.map((item) => ({ item, order: next() })).sort((one, other) => one.order - other.order).map(({ item }) =>
        item
      )
  }
}
