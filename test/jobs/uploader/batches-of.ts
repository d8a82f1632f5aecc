import t from 'tap'
import { batchesOf } from '../../../jobs/uploader/batches-of.ts'

const MIB = 2 ** 20
const sizes = (batches: { size: number }[][]): number[][] => batches.map((batch) => batch.map(({ size }) => size))
const files = (...sizes: number[]): { size: number }[] => sizes.map((size) => ({ size }))

await t.test('small files go together, at most 100', async (t) => {
  const many = files(...Array.from({ length: 250 }, (_, at) => at))
  const batches = batchesOf(many)
  t.same(batches.map((batch) => batch.length), [100, 100, 50])
  t.same(batches.flat(), many, 'each once and in order')
})

await t.test('larger files go alone', async (t) => {
  t.same(sizes(batchesOf(files(1, 100 * MIB, 2, 3, 200 * MIB))), [[1], [100 * MIB], [2, 3], [200 * MIB]])
})

await t.test('a group has at most 16 MiB, unless it is one file', async (t) => {
  t.same(sizes(batchesOf(files(8 * MIB, 8 * MIB, 1, 16 * MIB, 0))), [[8 * MIB, 8 * MIB], [1], [16 * MIB, 0]])
})

await t.test('no files are no groups', async (t) => t.same(batchesOf([]), []))
