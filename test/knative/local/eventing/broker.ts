import t, { type Test } from 'tap'
import { startBroker } from '../../../../knative/local/eventing/broker.ts'
import type { Trigger } from '../../../../knative/local/manifests.ts'
import type { Event } from '../../../../shared/events/event-of.ts'
import { receiveEvents } from '../../../../shared/events/receive-events.ts'
import { httpServer } from '../../../support/http-server.ts'
import { poll } from '../../../support/poll.ts'
import { serve } from '../../../support/serve.ts'

const to = (name: string, uri?: string) => ({ ref: { kind: 'Service', name }, ...uri && { uri } })

const trigger = (subscriber: string, attributes = {}): Trigger => ({
  metadata: { name: `to-${subscriber}`, namespace: 'here' },
  spec: {
    subscriber: to(subscriber),
    filter: { attributes },
    delivery: {
      retry: 1,
      backoffPolicy: 'exponential',
      backoffDelay: 'PT0.001S',
      timeout: 'PT5S',
      deadLetterSink: to('letters', '/dead-letter')
    }
  }
})

/** A Broker with subscribers. `subscribers` has their base URLs by name. */
async function brokerOf (t: Test, triggers: Trigger[], subscribers: Record<string, string>) {
  const lines: string[] = []
  const broker = await startBroker({
    triggers,
    urlOf: ({ ref, uri = '/' }) => subscribers[ref.name]! + uri,
    log: (line) => lines.push(line)
  })
  t.teardown(() => broker.stop())
  return {
    lines,
    send: (headers: Record<string, string>, body: string | Buffer = '{}') =>
      fetch(broker.url, { method: 'POST', headers, body })
  }
}

const event = {
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-source': '/test',
  'ce-type': 'test',
  'content-type': 'application/json'
}

await t.test('an event reaches its subscriber in binary mode, with the headers that a Broker adds', async (t) => {
  const sink = await httpServer(t)
  const { send } = await brokerOf(t, [trigger('sink')], { sink: sink.url })
  const answer = await send({
    ...event,
    'ce-kind': 'Job',
    'kn-namespace': 'jobs',
    'x-request-id': 'r',
    authorization: 'secret'
  }, '{"a": 1}')
  t.equal(answer.status, 202)
  t.equal(await answer.text(), '')
  t.equal(sink.received.length, 1)
  t.match(sink.received[0], {
    method: 'POST',
    url: '/',
    headers: {
      ...event,
      'ce-kind': 'Job',
      'ce-knativearrivaltime': /^\d{4}-.*Z$/,
      prefer: 'reply',
      'kn-namespace': 'jobs',
      'x-request-id': 'r',
      authorization: undefined
    }
  })
  t.equal(sink.received[0]!.body.toString(), '{"a": 1}', 'byte for byte')
  await send(event, '{"a":')
  t.equal(sink.received[1]!.body.toString(), '{"a":', 'the Broker does not check that the data are JSON')
})

await t.test('an event in structured mode arrives in binary mode', async (t) => {
  const sink = await httpServer(t)
  const { send } = await brokerOf(t, [trigger('sink')], { sink: sink.url })
  const structured = {
    specversion: '1.0',
    id: '7',
    source: '/test',
    type: 'test',
    kind: 'Job',
    datacontenttype: 'application/json'
  }
  for (const contentType of ['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8']) {
    t.equal(
      (await send({ 'content-type': contentType }, JSON.stringify({ ...structured, data: { a: 1 } }))).status,
      202
    )
    const { headers, body } = sink.received.at(-1)!
    t.match(headers, { 'ce-id': '7', 'ce-source': '/test', 'ce-kind': 'Job', 'content-type': 'application/json' })
    t.strictSame(JSON.parse(body.toString()), { a: 1 })
  }
  await send(
    { 'content-type': 'application/cloudevents+json' },
    JSON.stringify({ ...structured, data_base64: Buffer.from([0, 255, 7]).toString('base64') })
  )
  t.same(sink.received.at(-1)!.body, Buffer.from([0, 255, 7]))
})

await t.test('data without a media type arrive without a content type, as behind the real Broker, and are JSON', async (t) => {
  const received: Event[] = []
  const { url } = await serve(t, async (app) =>
    await receiveEvents(app, {
      path: '/',
      operationId: 'test',
      summary: 'test',
      receive: async (event) => {
        received.push(event)
      }
    }))
  const seen = await httpServer(t)
  const { send } = await brokerOf(t, [trigger('function'), trigger('seen')], { function: url, seen: seen.url })
  const structured = { specversion: '1.0', id: '7', source: '/test', type: 'org.gx4ki.job.requested' }
  const sent: [object, string, unknown][] = [
    [{ data: { template: 'a', env: { B: 1 } } }, '{"template":"a","env":{"B":1}}', { template: 'a', env: { B: 1 } }],
    [{ data: 'text' }, '"text"', 'text'],
    [{ data_base64: Buffer.from('{"a":1}').toString('base64') }, '{"a":1}', { a: 1 }],
    [{}, '', undefined],
    [{ data: 'text', datacontenttype: 'text/plain' }, 'text', 'text'],
    [{ data: 'text', datacontenttype: 'application/json' }, '"text"', 'text']
  ]
  for (const [more, body, data] of sent) {
    const answer = await send(
      { 'content-type': 'application/cloudevents+json' },
      JSON.stringify({ ...structured, ...more })
    )
    t.equal(answer.status, 202)
    const last = seen.received.at(-1)!
    t.equal(last.headers['content-type'], 'datacontenttype' in more ? more.datacontenttype : undefined)
    t.equal(last.body.toString(), body)
    t.strictSame(received.at(-1)!.data, data)
  }
  const { 'content-type': _, ...bare } = event
  await send(bare, Buffer.from('{"a": 1}'))
  t.equal(seen.received.at(-1)!.headers['content-type'], undefined, 'in binary mode, too')
  await send(
    { 'content-type': 'application/cloudevents+json' },
    '{"specversion":"1.0","id":"8","source":"/a","type":"t","n":5,"data":{"n":9007199254740993,"x":1.50}}'
  )
  t.equal(seen.received.at(-1)!.body.toString(), '{"n":9007199254740993,"x":1.50}', 'every digit')
  t.equal(seen.received.at(-1)!.headers['ce-n'], '5')
})

await t.test('an incomplete event is refused and not delivered', async (t) => {
  const sink = await httpServer(t)
  const { send } = await brokerOf(t, [trigger('sink')], { sink: sink.url })
  const structured = { 'content-type': 'application/cloudevents+json' }
  const bad: Array<[string, Record<string, string>, string?]> = [
    ...Object.keys(event).filter((name) => name.startsWith('ce-')).map((
      name
    ): [string, Record<string, string>] => [
      `no ${name}`,
      Object.fromEntries(Object.entries(event).filter(([other]) => other !== name))
    ]),
    ['another version', { ...event, 'ce-specversion': '0.3' }],
    ['an invalid time', { ...event, 'ce-time': 'yesterday' }],
    ['no event at all', { 'content-type': 'application/json' }],
    ['structured, not JSON', structured, '{'],
    ['structured, null', structured, 'null'],
    ['structured, no source', structured, '{"specversion":"1.0","id":"1","type":"test"}'],
    ['a batch', { 'content-type': 'application/cloudevents-batch+json' }, '[]']
  ]
  for (const [what, headers, body] of bad) t.equal((await send(headers, body)).status, 400, what)
  t.strictSame(sink.received, [])
  t.equal((await send(event)).status, 202, 'the next valid event is accepted')
})

await t.test('a filter passes events that have all its attributes; an empty value matches any value', async (t) => {
  const sinks = { all: await httpServer(t), jobs: await httpServer(t), some: await httpServer(t) }
  const urls = Object.fromEntries(Object.entries(sinks).map(([name, { url }]) => [name, url]))
  const { send } = await brokerOf(t, [
    trigger('all'),
    trigger('jobs', { type: 'test', kind: 'Job' }),
    trigger('some', { kind: '' })
  ], urls)
  await send({ ...event, 'ce-kind': 'Job' })
  await send({ ...event, 'ce-kind': 'Pod' })
  await send({ ...event, 'ce-type': 'other', 'ce-kind': 'Job' })
  await send(event)
  t.strictSame(Object.values(sinks).map(({ received }) => received.length), [4, 1, 3])
})

await t.test('the producer gets its response only after the subscriber has answered', async (t) => {
  let release = () => {}
  const sink = await httpServer(t, (_, response) => {
    release = () => response.writeHead(204).end()
  })
  const { send } = await brokerOf(t, [trigger('sink')], { sink: sink.url })
  let status: number | undefined
  const sent = send(event).then((answer) => {
    status = answer.status
  })
  await poll('the subscriber has the event', () => sink.received.length === 1)
  t.equal(status, undefined)
  release()
  await sent
  t.equal(status, 202)
})

await t.test('an event that cannot be delivered becomes a dead letter with destination, status and response', async (t) => {
  const sink = await httpServer(
    t,
    (_, response) => response.writeHead(503, { 'content-type': 'text/plain' }).end('store is down')
  )
  const letters = await httpServer(t)
  const { send } = await brokerOf(t, [trigger('sink')], { sink: sink.url, letters: letters.url })
  t.equal((await send(event, '{"a": 1}')).status, 202)
  t.equal(sink.received.length, 2, 'one retry')
  t.equal(letters.received.length, 1)
  t.match(letters.received[0], {
    url: '/dead-letter',
    headers: {
      ...event,
      'ce-knativeerrordest': `${sink.url}/`,
      'ce-knativeerrorcode': '503',
      'ce-knativeerrordata': Buffer.from('store is down').toString('base64')
    }
  })
  t.equal(letters.received[0]!.body.toString(), '{"a": 1}')
})

await t.test('the producer gets a 500 for an event that cannot be delivered anywhere', async (t) => {
  const refusing = await httpServer(t, (_, response) => response.writeHead(500).end())
  const taking = await httpServer(t)
  const { send, lines } = await brokerOf(t, [trigger('refusing'), trigger('taking')], {
    refusing: refusing.url,
    taking: taking.url,
    letters: refusing.url
  })
  t.equal((await send(event)).status, 500)
  t.strictSame(refusing.received.map(({ url }) => url), ['/', '/', '/dead-letter', '/dead-letter'])
  t.equal(taking.received.length, 1, 'the other subscriber has the event')
  t.match(lines.at(-1), /test 1 is lost/)
})

await t.test('an invalid manifest is reported at the start', async (t) => {
  const wrong = trigger('sink')
  wrong.spec.delivery.backoffDelay = '5 seconds'
  await t.rejects(startBroker({ triggers: [wrong], urlOf: () => '', log: () => {} }), { message: /5 seconds/ })
})

await t.test('a reply event of a subscriber is delivered like any other event', async (t) => {
  const sink = await httpServer(t)
  const replier = await httpServer(
    t,
    (_, response) => response.writeHead(200, { ...event, 'ce-type': 'reply', 'ce-id': '2' }).end('{"b": 2}')
  )
  const { send } = await brokerOf(t, [trigger('replier', { type: 'test' }), trigger('sink', { type: 'reply' })], {
    replier: replier.url,
    sink: sink.url
  })
  t.equal((await send(event)).status, 202)
  t.match(sink.received, [{ headers: { 'ce-type': 'reply', 'ce-id': '2' }, body: Buffer.from('{"b": 2}') }])
  t.equal(replier.received.length, 1)
})
