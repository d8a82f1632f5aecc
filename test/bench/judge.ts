import type { Rounds } from './measure.ts'
import type { Line } from './row.ts'

/** A line with its values, and whether the median is as good as each of its targets. */
export interface Judged extends Line {
  min: number
  median: number
  max: number
  reached?: boolean
  reachedThen?: boolean
}

/** Computes a line. A ratio is computed in each round, so its minimum is that of a round that was. */
export function judge (line: Line, rounds: Rounds): Judged {
  const { of = 'product', over, figure, better = 'less', reach, then } = line
  const values = rounds.map((round) =>
    valueOf(round, of, figure) / (over === undefined ? 1 : valueOf(round, over, figure))
  ).sort((a, b) => a - b)
  const middle = values.length / 2
  const median = (values[Math.ceil(middle) - 1]! + values[Math.floor(middle)]!) / 2
  const isAsGoodAs = (target: number): boolean => better === 'less' ? median <= target : median >= target
  return {
    ...line,
    min: values[0]!,
    median,
    max: values.at(-1)!,
    ...(reach !== undefined && { reached: isAsGoodAs(reach) }),
    ...(then !== undefined && { reachedThen: isAsGoodAs(then) })
  }
}

function valueOf (round: Rounds[number], side: string, figure: string): number {
  const value = round[side]?.[figure]
  if (value === undefined || !Number.isFinite(value)) throw new Error(`no figure ${figure} of ${side}`)
  return value
}
