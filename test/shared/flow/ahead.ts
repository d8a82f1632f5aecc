import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { ahead } from '../../../shared/flow/ahead.ts'

async function * items (sizes: number[]) {
  yield * sizes.entries()
}

await t.test('keeps the order, and its bounds in number and bytes', async (t) => {
  for (const [most, bytes] of [[1, 100], [4, 1000], [16, 10], [3, 1]] as const) {
    const sizes = Array.from({ length: 60 }, (_, at) => at * 7 % 13)
    let held = 0
    let open = 0
    const over: string[] = []
    const taken: number[] = []
    const mapped = ahead(items(sizes), { most, bytes, sizeOf: ([, size]) => size }, async ([at, size]) => {
      open++
      held += size
      if (open > most || (open > 1 && held > bytes)) over.push(`${open} with ${held}`)
      for (let turns = at * 5 % 7; turns > 0; turns--) await turn()
      return { at, size }
    })
    for await (const { at, size } of mapped) {
      taken.push(at)
      open--
      held -= size
    }
    t.same(taken, [...sizes.keys()])
    t.same(over, [], `${most}, ${bytes}`)
  }
})

await t.test('an error is told when it is the turn of its item', async (t) => {
  const taken: number[] = []
  await t.rejects(async () => {
    const mapped = ahead(items([1, 1, 1, 1]), { most: 4, bytes: 9, sizeOf: () => 1 }, async ([at]) => {
      if (at === 2) throw new Error('the third')
      await turn()
      return at
    })
    for await (const at of mapped) taken.push(at)
  }, { message: 'the third' })
  t.same(taken, [0, 1])
})
