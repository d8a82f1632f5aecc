import t from 'tap'
import { isTraceparent, traceIdFor, traceparentIn } from '../../../shared/telemetry/trace-context.ts'

const id = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = '00f067aa0ba902b7'

await t.test('an invalid traceparent counts as absent', async (t) => {
  t.ok(isTraceparent(`00-${id}-${parent}-01`))
  t.ok(isTraceparent(`01-${id}-${parent}-00`), 'a later version')
  for (
    const wrong of [
      undefined,
      7,
      '',
      'nonsense',
      `ff-${id}-${parent}-01`,
      `00-${'0'.repeat(32)}-${parent}-01`,
      `00-${id}-${'0'.repeat(16)}-01`,
      `00-${id.toUpperCase()}-${parent}-01`,
      `00-${id}-${parent}`,
      `00-${id}-${parent}-01, 00-${id}-${parent}-01`,
      ` 00-${id}-${parent}-01`
    ]
  ) {
    t.notOk(isTraceparent(wrong), String(wrong))
  }
})

await t.test('the HTTP header takes precedence over the header of the event', async (t) => {
  const [http, event] = [`00-${id}-${parent}-01`, `00-${id.replaceAll('4', '5')}-${parent}-01`]
  t.equal(traceparentIn({ traceparent: http, 'ce-traceparent': event }), http)
  t.equal(traceparentIn({ traceparent: 'nonsense', 'ce-traceparent': event }), event)
  t.equal(traceparentIn({}), undefined)
  t.equal(traceIdFor({ 'ce-traceparent': event }), id.replaceAll('4', '5'))
  t.match(traceIdFor({}), /^[0-9a-f]{32}$/)
  t.not(traceIdFor({}), traceIdFor({}))
})
