import t from 'tap'
import { Type } from 'typebox'
import { newAjv } from '../../../shared/schema/new-ajv.ts'

await t.test('infinity is not a valid number or integer, with or without bounds', async (t) => {
  const ajv = newAjv()
  for (const schema of [Type.Number(), Type.Integer(), Type.Number({ minimum: 0 }), Type.Integer({ maximum: 10 })]) {
    for (const value of [Infinity, -Infinity, NaN, JSON.parse('1e999')]) {
      t.notOk(ajv.validate(schema, value), `${JSON.stringify(schema)} ${value}`)
    }
  }
  t.ok(newAjv().validate(Type.Number(), 1e308))
  const coercing = newAjv({ coerceTypes: true })
  for (const n of ['1e999', 'Infinity', '-Infinity', 'NaN']) {
    t.notOk(
      coercing.validate(Type.Object({ n: Type.Integer({ minimum: 0, maximum: 10 }) }), { n }),
      `${n} as text is refused too`
    )
  }
})

await t.test('defaults are filled in, and nothing is dropped or converted silently', async (t) => {
  const ajv = newAjv()
  const filled = {}
  t.ok(ajv.validate(Type.Object({ n: Type.Integer({ default: 3 }) }), filled))
  t.same(filled, { n: 3 })
  t.notOk(ajv.validate(Type.Object({}, { additionalProperties: false }), { more: 1 }))
  t.notOk(ajv.validate(Type.Object({ n: Type.Integer() }), { n: '3' }))
})

await t.test('formats are known', async (t) => {
  const ajv = newAjv()
  t.ok(ajv.validate(Type.String({ format: 'date-time' }), '2026-11-22T12:58:20Z'))
  t.notOk(ajv.validate(Type.String({ format: 'date-time' }), 'yesterday'))
})
