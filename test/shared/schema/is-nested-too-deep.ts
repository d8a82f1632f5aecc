import t from 'tap'
import { DEEPEST, isNestedTooDeep } from '../../../shared/schema/is-nested-too-deep.ts'

await t.test('JSON may be nested up to the limit', async (t) => {
  const arrays = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
  const objects = (levels: number): unknown => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels))
  for (
    const fine of [
      undefined,
      null,
      1,
      'text',
      {},
      [],
      { a: [1, null, { b: 'c' }] },
      arrays(DEEPEST),
      objects(DEEPEST),
      Array.from({ length: 100_000 }, () => [])
    ]
  ) t.notOk(isNestedTooDeep(fine))
  for (const deep of [arrays(DEEPEST + 2), objects(DEEPEST + 2), arrays(500_000), [1, { a: arrays(DEEPEST) }, 2]]) {
    t.ok(isNestedTooDeep(deep))
  }
})
