import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { atMostPer } from '../../../shared/flow/at-most-per.ts'

/** Starts tasks that end when the test says so, and tells which have started. */
function tasks (limits: { most: number, each: number }) {
  const inTurn = atMostPer(limits)
  const started: string[] = []
  const ends = new Map<string, () => void>()
  return {
    started,
    add: (name: string) =>
      inTurn(name[0]!, async () => {
        started.push(name)
        await new Promise<void>((resolve) => ends.set(name, resolve))
      }),
    async end (name: string) {
      ends.get(name)!()
      await turn()
    }
  }
}

await t.test('a key that uses up its share delays only its own tasks', async (t) => {
  const { started, add, end } = tasks({ most: 4, each: 2 })
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'c2']) add(name).catch(() => {})
  await turn()
  t.same(started, ['a1', 'a2', 'b1', 'c1'])
  await end('b1')
  t.same(started.slice(4), ['c2'], 'a has its share')
  await end('a1')
  t.same(started.slice(5), ['a3'])
  await end('a2')
  t.same(started.slice(6), ['a4'], 'in order')
})

await t.test('the keys take turns, and a task that fails frees its slot', async (t) => {
  const inTurn = atMostPer({ most: 1, each: 1 })
  const started: string[] = []
  const run = async (key: string) =>
    await inTurn(key, async () => {
      started.push(key)
      throw new Error(key)
    }).catch(() => {})
  await Promise.all(['a', 'a', 'a', 'b', 'b', 'c'].map(run))
  t.same(started.slice(0, 4).toSorted(), ['a', 'a', 'b', 'c'], 'no key comes a third time before another came once')
  t.equal(started.length, 6)
})
