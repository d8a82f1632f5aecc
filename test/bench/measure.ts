import type { Bench } from './bench.ts'
import type { Figures, Row } from './row.ts'

/** The figures of each side, round by round. */
export type Rounds = Record<string, Figures>[]

/**
 * Runs all sides of a row in turn, as often as the row says, so that what else the machine does meets all of them.
 * Every second round has the opposite order.
 */
export async function measure (bench: Bench, row: Row): Promise<Rounds> {
  const rounds: Rounds = []
  try {
    const sides = Object.entries(await row.open(bench))
    for (let round = 0; round < row.rounds[bench.isQuick ? 'quick' : 'full']; round++) {
      const figures: Record<string, Figures> = {}
      for (const [name, run] of round % 2 === 0 ? sides : sides.toReversed()) figures[name] = await run()
      rounds.push(figures)
    }
    return rounds
  } finally {
    await bench.end()
  }
}
