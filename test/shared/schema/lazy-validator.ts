import t from 'tap'
import { Type } from 'typebox'
import { lazyValidator } from '../../../shared/schema/lazy-validator.ts'

await t.test('it tells whether a value is valid and keeps the errors of the last check', async (t) => {
  const isNumbered = lazyValidator<{ n: number }>(Type.Object({ n: Type.Integer() }))
  t.notOk(isNumbered({ n: 'a' }))
  t.match(isNumbered.errors, [{ instancePath: '/n', message: 'must be integer' }])
  t.ok(isNumbered({ n: 1 }))
  t.strictSame(isNumbered.errors, [])
})

await t.test('a schema is compiled at its first use', async (t) => {
  const isAnything = lazyValidator({ type: 'nonsense' })
  t.throws(() => isAnything(1), /type/)
})
