import t from 'tap'
import { Type } from 'typebox'
import { nameShapes } from '../../openapi/name-shapes.ts'

const Inner = Type.Object({ title: Type.String(), type: Type.String() }, { title: 'Inner' })

await t.test('a schema with a title becomes a component, wherever it is, and a field called title does not', async (t) => {
  const Outer = Type.Object({ one: Inner, many: Type.Array(Inner) }, { title: 'Outer', description: 'both' })
  const { document, schemas } = nameShapes({ info: { title: 'the document' }, schema: Outer })
  t.same(document, { info: { title: 'the document' }, schema: { $ref: '#/components/schemas/Outer' } })
  t.same(schemas, {
    Inner: {
      type: 'object',
      required: ['title', 'type'],
      properties: { title: { type: 'string' }, type: { type: 'string' } }
    },
    Outer: {
      type: 'object',
      description: 'both',
      required: ['one', 'many'],
      properties: {
        one: { $ref: '#/components/schemas/Inner' },
        many: { type: 'array', items: { $ref: '#/components/schemas/Inner' } }
      }
    }
  })
})

await t.test('two different schemas cannot have the same title', async (t) => {
  const other = Type.Object({}, { title: 'Inner' })
  t.throws(() => nameShapes({ a: Inner, b: other }), /^two different schemas have the title Inner$/)
})

await t.test('a record becomes an object with additional properties, and words for people are left out', async (t) => {
  t.same(nameShapes(Type.Record(Type.String(), Type.Integer())).document, {
    type: 'object',
    additionalProperties: { type: 'integer' }
  })
  t.same(nameShapes(Type.String({ 'x-message': 'must be short' })).document, { type: 'string' })
})
