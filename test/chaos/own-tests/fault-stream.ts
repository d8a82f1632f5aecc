import t from 'tap'
import { type Fate, fateOf, faultRates, faults } from '../fault-stream.ts'
import { seeded } from '../seeded.ts'

const fates = (seed: string, kind: string): Fate[] => {
  const rates = faultRates(seed, 'store')
  return Array.from({ length: 5000 }, (_, number) => fateOf(seed, 'store', kind, number, rates))
}
const some = fates('a seed', 'PUT results')

t.strictSame(fates('a seed', 'PUT results'), some, 'the same seed gives the same fates')
t.notSame(fates('another seed', 'PUT results'), some)
t.notSame(fates('a seed', 'GET state'), some)
t.strictSame(new Set(some.map(({ fault }) => fault)), new Set(['pass', ...faults]), 'every fault occurs')
const share = some.filter(({ fault }) => fault !== 'pass').length / some.length
t.ok(share > 0.005 && share < 0.1, `of all requests ${share} have a fault`)
t.ok(some.every(({ fault, ms }) => (ms > 0) === (fault === 'delay' || fault === 'hold')))

const random = seeded('a', 1)
const numbers = Array.from({ length: 1000 }, () => random.integer(3, 5))
t.strictSame(new Set(numbers), new Set([3, 4, 5]))
t.equal(seeded('a', 1).next(), seeded('a', 1).next())
t.not(seeded('a', 1).next(), seeded('a', 2).next())
t.strictSame(seeded('b').shuffled([1, 2, 3, 4, 5, 6]).toSorted(), [1, 2, 3, 4, 5, 6])
