import t from 'tap'
import { judge } from '../judge.ts'

const rounds = [
  { product: { wall: 30 }, floor: { wall: 10 } },
  { product: { wall: 20 }, floor: { wall: 20 } },
  { product: { wall: 80 }, floor: { wall: 40 } }
]

await t.test('a ratio is that of two sides in one round', async (t) => {
  const line = judge({ what: 'wall', figure: 'wall', over: 'floor', reach: 2, then: 1.5 }, rounds)
  t.match(line, { min: 1, median: 2, max: 3, reached: true, reachedThen: false })
})

await t.test('the median of an even number of rounds is between the two in the middle', async (t) => {
  t.equal(judge({ what: 'wall', figure: 'wall' }, rounds.slice(0, 2)).median, 25)
})

await t.test('where more is better, a target is reached from below', async (t) => {
  t.match(judge({ what: 'rate', figure: 'wall', better: 'more', reach: 30 }, rounds), { median: 30, reached: true })
  t.match(judge({ what: 'rate', figure: 'wall', better: 'more', reach: 31 }, rounds), { reached: false })
})

await t.test('a figure that no side has is an error', async (t) => {
  t.throws(() => judge({ what: 'cpu', figure: 'cpu' }, rounds), { message: 'no figure cpu of product' })
})
