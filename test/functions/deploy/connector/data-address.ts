import t from 'tap'
import { propertiesOf } from '../../../../functions/deploy/connector/data-address.ts'

const NS = 'https://w3id.org/edc/v0.0.1/ns/'
const property = (name: string, value: unknown) => ({ name, value })

await t.test('the properties of an address have names without a prefix', async (t) => {
  t.same(propertiesOf({}), {})
  t.same(propertiesOf({ endpointProperties: property(`${NS}DURATION`, '20') }), { DURATION: '20' })
  t.same(propertiesOf({ endpointProperties: [property(`${NS}A`, '1'), property('B', '2'), property('edc:C', '3')] }), {
    A: '1',
    B: '2',
    C: '3'
  })
})

await t.test('a name that comes twice is refused, because the two values may differ', async (t) => {
  const twice = [property(`${NS}DURATION`, '20'), property(`${NS}MODE`, 'fast'), property(`${NS}DURATION`, '3600')]
  t.match(t.throws(() => propertiesOf({ endpointProperties: twice })), {
    problem: { status: 400, errors: [{ field: 'endpointProperties.DURATION', message: 'is given twice' }] }
  })
})
