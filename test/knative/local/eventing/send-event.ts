import { CloudEvent } from 'cloudevents'
import t from 'tap'
import { sendEvent } from '../../../../knative/local/eventing/send-event.ts'
import { httpServer } from '../../../support/http-server.ts'

const event = new CloudEvent({ type: 'test', source: '/test', data: { a: 1 } })
const signal = new AbortController().signal

await t.test('a source sends the same event six times after a temporary error', async (t) => {
  await Promise.all([404, 425, 429, 502, 503, 504, 'reset'].map(async (status) => {
    const sink = await httpServer(
      t,
      (_, response) =>
        typeof status === 'number' ? response.writeHead(status, { 'retry-after': '60' }).end() : response.destroy()
    )
    t.equal(await sendEvent(sink.url, event, {}, signal), false, `${status}: lost`)
    t.equal(sink.received.length, 6, `${status}: tries`)
    t.strictSame([...new Set(sink.received.map(({ headers }) => headers['ce-id']))], [event.id], `${status}: one id`)
  }))
})

await t.test('after any other refusal the event is lost at once', async (t) => {
  for (const status of [400, 408, 409, 422, 500]) {
    const sink = await httpServer(t, (_, response) => response.writeHead(status).end())
    t.equal(await sendEvent(sink.url, event, {}, signal), false)
    t.equal(sink.received.length, 1, `${status}`)
  }
})

await t.test('it ends with the first try that is accepted', async (t) => {
  const sink = await httpServer(
    t,
    (_, response) => response.writeHead(sink.received.length < 2 ? 503 : 202).end('some words')
  )
  t.equal(await sendEvent(sink.url, event, { 'kn-namespace': 'here' }, signal), true)
  t.equal(sink.received.length, 2)
  t.match(sink.received[1], { headers: { 'kn-namespace': 'here', 'ce-type': 'test' }, body: Buffer.from('{"a":1}') })
})

await t.test('an abort ends the tries', async (t) => {
  const stop = new AbortController()
  const sink = await httpServer(t, (_, response) => {
    stop.abort()
    response.writeHead(503).end()
  })
  t.equal(await sendEvent(sink.url, event, {}, stop.signal), false)
  t.equal(sink.received.length, 1)
})
