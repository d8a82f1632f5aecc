import t from 'tap'
import { Type, type TSchema } from 'typebox'
import { fieldErrors } from '../../../shared/schema/field-errors.ts'
import { lazyValidator } from '../../../shared/schema/lazy-validator.ts'

const errorsOf = (schema: TSchema, value: unknown, whole = 'body'): unknown => {
  const isValid = lazyValidator(schema)
  return isValid(value) ? [] : fieldErrors(isValid.errors, whole)
}
const closed = { additionalProperties: false }

await t.test('each message says what the field must be, or that it is not known', async (t) => {
  const schema = Type.Object({ 'a/b~c': Type.String(), d: Type.Optional(Type.Literal('1.0')) }, closed)
  t.same(errorsOf(schema, {}), [{ field: 'a/b~c', message: 'is missing' }])
  t.same(errorsOf(schema, { 'a/b~c': 1 }), [{ field: 'a/b~c', message: 'must be string' }])
  t.same(errorsOf(schema, { 'a/b~c': '', d: '2' }), [{ field: 'd', message: 'must be 1.0' }])
  t.same(errorsOf(schema, { 'a/b~c': '', 'e~1f': '' }), [{ field: 'e~1f', message: 'is not one of a/b~c, d' }])
  t.same(errorsOf(Type.Object({}, closed), { e: 1 }), [{ field: 'e', message: 'is not known' }])
  t.same(errorsOf(schema, []), [{ field: 'body', message: 'must be object' }])
})

await t.test('a value that matches none of several schemas is one error', async (t) => {
  const flag = Type.Object({ f: Type.Union([Type.Literal('0'), Type.Literal('1')]) })
  t.same(errorsOf(flag, { f: 'x' }), [{ field: 'f', message: 'must be 0 or must be 1' }])
  t.same(errorsOf(flag, { f: ['0', '1'] }, 'querystring'), [{ field: 'f', message: 'is given twice' }])
  const told = Type.Object({ f: Type.Union([Type.String(), Type.Null()], { 'x-message': 'is odd' }) })
  t.same(errorsOf(told, { f: 1 }), [{ field: 'f', message: 'is odd' }])
  const deeper = Type.Object({ f: Type.Union([Type.String(), Type.Object({ g: Type.String() })]) })
  t.same(errorsOf(deeper, { f: {} }), [
    { field: 'f', message: 'must be string' },
    { field: 'f.g', message: 'is missing' }
  ].reverse())
})
