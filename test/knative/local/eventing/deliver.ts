import t from 'tap'
import { backoff, deliver, isRetried, milliseconds } from '../../../../knative/local/eventing/deliver.ts'
import type { Delivery } from '../../../../knative/local/manifests.ts'
import { httpServer } from '../../../support/http-server.ts'

const delivery: Delivery = {
  retry: 2,
  backoffPolicy: 'exponential',
  backoffDelay: 'PT0.001S',
  timeout: 'PT5S',
  deadLetterSink: { ref: { kind: 'Service', name: 'unused' } }
}
const message = { headers: { 'ce-id': '1', 'content-type': 'application/json' }, body: '{}' }
const signal = new AbortController().signal

await t.test('the retried status codes are those of Knative', async (t) => {
  for (const status of [404, 408, 409, 429, 500, 501, 502, 503, 504, 599]) t.ok(isRetried(status), `${status}`)
  for (const status of [200, 202, 204, 301, 307, 400, 401, 403, 405, 410, 415, 422, 425]) {
    t.notOk(isRetried(status), `not ${status}`)
  }
})

await t.test('the pauses grow as in the policy', async (t) => {
  const pauses = (policy: Delivery['backoffPolicy']) =>
    [0, 1, 2, 3].map((tried) => backoff({ ...delivery, backoffPolicy: policy, backoffDelay: 'PT0.5S' }, tried))
  t.strictSame(pauses('exponential'), [500, 1000, 2000, 4000])
  t.strictSame(pauses('linear'), [0, 500, 1000, 1500])
})

await t.test('durations are ISO 8601', async (t) => {
  t.strictSame(['PT0.2S', 'PT1M', 'PT1H1M1S', 'PT0S'].map(milliseconds), [200, 60_000, 3_661_000, 0])
  for (const wrong of ['', '5s', 'PT', 'P1D', '0.5', 'PT-1S']) {
    t.throws(() => milliseconds(wrong), { message: /ISO 8601/ }, wrong)
  }
})

await t.test('there is one more try than retries', async (t) => {
  const sink = await httpServer(t, (_, response) => response.writeHead(503).end('busy'))
  t.match(await deliver(sink.url, message, delivery, signal), {
    delivered: false,
    status: 503,
    tries: 3,
    body: Buffer.from('busy')
  })
  t.equal(sink.received.length, 3)
})

await t.test('it ends with the first try that is accepted', async (t) => {
  const sink = await httpServer(t, (_, response) => response.writeHead(sink.received.length < 2 ? 500 : 202).end())
  t.match(await deliver(sink.url, message, delivery, signal), { delivered: true, status: 202, tries: 2 })
  t.strictSame(sink.received.map(({ body }) => body.toString()), ['{}', '{}'])
})

await t.test('a permanent refusal is not retried, and a redirect is not followed', async (t) => {
  for (const status of [400, 422, 302]) {
    const sink = await httpServer(t, (_, response) => response.writeHead(status, { location: '/elsewhere' }).end())
    t.match(await deliver(sink.url, message, delivery, signal), { delivered: false, status, tries: 1 })
    t.equal(sink.received.length, 1)
  }
})

await t.test('a response with a body that is not an event counts as a 502', async (t) => {
  const sink = await httpServer(
    t,
    (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
  )
  t.match(await deliver(sink.url, message, delivery, signal), { delivered: false, status: 502, tries: 3 })
})

await t.test('a missing response is retried and reported as a 500', async (t) => {
  await t.test('connection refused', async (t) => {
    t.match(await deliver('http://127.0.0.1:1', message, delivery, signal), {
      delivered: false,
      status: 500,
      tries: 3,
      body: /^dispatch error: .*(ECONNREFUSED|bad port)/
    })
  })
  await t.test('connection reset', async (t) => {
    const sink = await httpServer(t, (_, response) => response.destroy())
    t.match(await deliver(sink.url, message, delivery, signal), {
      delivered: false,
      status: 500,
      tries: 3,
      body: /^dispatch error: /
    })
    t.equal(sink.received.length, 3)
  })
  await t.test('later than the timeout', async (t) => {
    const sink = await httpServer(t, () => {})
    t.match(await deliver(sink.url, message, { ...delivery, retry: 1, timeout: 'PT0.05S' }, signal), {
      delivered: false,
      status: 500,
      tries: 2
    })
    t.equal(sink.received.length, 2)
  })
})

await t.test('an abort ends the delivery, also in a pause', async (t) => {
  const stop = new AbortController()
  const sink = await httpServer(t, (_, response) => {
    response.writeHead(503).end()
    setImmediate(() => stop.abort())
  })
  await t.rejects(deliver(sink.url, message, { ...delivery, backoffDelay: 'PT1H' }, stop.signal), {
    name: 'AbortError'
  })
  t.equal(sink.received.length, 1)
})
