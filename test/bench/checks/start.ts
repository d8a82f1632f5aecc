import type { Bench } from '../bench.ts'
import { judge } from '../judge.ts'
import { measure } from '../measure.ts'
import { coldStart } from '../rows/cold-start.ts'
import { about, type Checked } from './checked.ts'

/** Much room: the ratio moves with what else the machine does. A package more in a start is more than that. */
const ROOM = 1.3

/** The CPU of a cold start, divided by that of the floor. */
export async function start (bench: Bench): Promise<Checked[]> {
  const rounds = await measure(bench, {
    ...coldStart,
    rounds: { quick: 5, full: 5 },
    async open (bench) {
      const { prototype, ...sides } = await coldStart.open(bench)
      return sides
    }
  })
  return coldStart.lines.filter(({ figure, over }) => figure === 'cpu' && over === 'floor')
    .map((line) => about(line.what, judge(line, rounds).median, ROOM))
}
