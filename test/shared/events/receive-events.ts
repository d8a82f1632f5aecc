import { CloudEvent, HTTP } from 'cloudevents'
import t, { type Test } from 'tap'
import type { Event } from '../../../shared/events/event-of.ts'
import { receiveEvents } from '../../../shared/events/receive-events.ts'
import { problem } from '../../../shared/http/problem.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'
import { serve } from '../../support/serve.ts'

/** A function that receives events at `/`, and the events that it received. */
async function receiver (t: Test) {
  const received: Event[] = []
  const { url } = await serve(t, async (app) => {
    await receiveEvents(app, {
      path: '/',
      operationId: 'test',
      summary: 'test',
      receive: async (event) => {
        if (event.type === 'down') throw problem('store-unavailable', 'not now')
        if (event.type === 'bug') throw new Error('a bug')
        received.push(event)
      }
    })
    app.post('/json', async (request) => request.body)
  })
  return {
    url,
    received,
    send: async (headers: Record<string, string>, body?: string) =>
      await fetch(url, { method: 'POST', headers, ...(body !== undefined && { body }) })
  }
}

const attributes = { id: 'an id', source: 'https://10.96.0.1:443', type: 'dev.knative.apiserver.resource.update' }
const event = new CloudEvent({
  ...attributes,
  subject: '/apis/batch/v1/namespaces/a/jobs/b',
  time: '2026-11-22T12:58:34.000Z',
  data: { kind: 'Job', metadata: { name: 'ü' } },
  kind: 'Job'
})
const binary = {
  'ce-id': 'an id',
  'ce-source': '/a',
  'ce-type': 't',
  'ce-specversion': '1.0',
  'content-type': 'application/json'
}
const structured = { id: 'an id', source: '/a', type: 't', specversion: '1.0', data: { a: 1 } }
const structuredType = { 'content-type': 'application/cloudevents+json' }

await t.test('accepts events in binary and in structured mode, as the SDK sends them', async (t) => {
  const { received, send } = await receiver(t)
  for (const message of [HTTP.binary(event), HTTP.structured(event)]) {
    const response = await send(message.headers as Record<string, string>, message.body as string)
    t.equal(response.status, 204)
    t.equal(await response.text(), '', 'a Broker would route a reply with a body as a new event')
  }
  t.equal(received.length, 2)
  for (const one of received) {
    t.match(one, {
      ...attributes,
      subject: event.subject!,
      kind: 'Job',
      data: { kind: 'Job', metadata: { name: 'ü' } }
    })
  }
})

await t.test('accepts every valid spelling of the content type', async (t) => {
  const { received, send } = await receiver(t)
  for (
    const type of [
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'Application/JSON'
    ]
  ) {
    t.equal((await send({ ...binary, 'content-type': type }, '{"a":1}')).status, 204, type)
  }
  for (
    const type of [
      'application/cloudevents+json',
      'application/cloudevents+json; charset=utf-8',
      'application/cloudevents+json;charset=UTF-8',
      'Application/CloudEvents+JSON'
    ]
  ) {
    t.equal((await send({ 'content-type': type }, JSON.stringify(structured))).status, 204, type)
  }
  t.same(received.map(({ data }) => data), Array.from({ length: 8 }, () => ({ a: 1 })))
})

await t.test('accepts an event without data, such as a ping', async (t) => {
  const { received, send } = await receiver(t)
  const { 'content-type': _, ...bare } = binary
  t.equal((await send(bare)).status, 204)
  t.equal((await send(binary)).status, 204)
  t.equal((await send(structuredType, JSON.stringify({ ...structured, data: undefined }))).status, 204)
  t.equal(received.length, 3)
})

await t.test('data without a content type are JSON, as a Broker sends those of a structured event without one', async (t) => {
  const { url, received } = await receiver(t)
  const { 'content-type': _, ...bare } = binary
  // Bytes: for a text, fetch would add a content type.
  const send = async (headers: Record<string, string>, body: string) =>
    await fetch(url, { method: 'POST', headers, body: Buffer.from(body) })
  t.equal((await send(bare, '{"a":1}')).status, 204)
  t.same(received[0]!.data, { a: 1 })
  await problemAbout(t, await send(bare, '{"a":'), 'body', 400, 'invalid-event')
  t.equal((await send({ ...binary, 'content-type': 'application/vnd.a+json;x=y' }, '[1]')).status, 204)
  t.equal((await send({ ...binary, 'content-type': 'text/plain' }, '{"a":1}')).status, 204)
  t.equal((await send({ ...binary, 'content-type': 'application/octet-stream' }, '{"a":1}')).status, 204)
  t.match(received.slice(1), [
    { data: [1], datacontenttype: 'application/vnd.a+json;x=y' },
    { data: '{"a":1}' },
    { data: undefined, data_base64: 'eyJhIjoxfQ==' }
  ])
})

await t.test('data_base64 are the bytes of the data: JSON is parsed, other bytes stay as they are', async (t) => {
  const { received, send } = await receiver(t)
  const { data: _, ...bare } = structured
  const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')
  for (const type of [undefined, 'application/json', 'Application/JSON; charset=utf-8', 'application/ld+json']) {
    const body = { ...bare, ...(type && { datacontenttype: type }), data_base64: base64('{"a":"ü"}') }
    t.equal((await send(structuredType, JSON.stringify(body))).status, 204, String(type))
    t.strictSame(received.at(-1)!.data, { a: 'ü' }, String(type))
    t.equal(received.at(-1)!.data_base64, undefined)
  }
  const octets = { ...bare, datacontenttype: 'application/octet-stream', data: null, data_base64: 'AP8H' }
  t.equal((await send(structuredType, JSON.stringify(octets))).status, 204)
  t.strictSame([received.at(-1)!.data, received.at(-1)!.data_base64], [undefined, 'AP8H'])
  const refused: [string, object][] = [
    ['data_base64', { data: { a: 1 }, data_base64: base64('{"a":1}') }],
    ['data_base64', { data_base64: '{"a":1}' }],
    ['data_base64', { data_base64: 'eyJhIjoxfQ' }],
    ['data_base64', { data_base64: 'eyJhIjox fQ==' }],
    ['data_base64', { data_base64: base64('{"a":') }],
    ['data_base64', { data_base64: base64(Buffer.from([0x22, 0xff, 0x22])) }],
    ['data_base64', { data_base64: 7 }]
  ]
  const before = received.length
  for (const [field, more] of refused) {
    await problemAbout(t, await send(structuredType, JSON.stringify({ ...bare, ...more })), field, 400, 'invalid-event')
  }
  t.equal(received.length, before)
})

await t.test('a time that is not RFC 3339, no media type, and bytes that are not UTF-8 are refused', async (t) => {
  const { url, received, send } = await receiver(t)
  const times = ['2026-11-22 12:58:34Z', '2026-11-22T12:58:34', '2026-11-22T12:58:34+01', '2026-11-22T12:58:34+0100',
    '2026-11-22', '2026-02-30T00:00:00Z', 'Sun, 22 Nov 2026 12:58:34 GMT']
  for (const time of times) {
    await problemAbout(t, await send(structuredType, JSON.stringify({ ...structured, time })), 'time', 400, 'invalid-event')
    await problemAbout(t, await send({ ...binary, 'ce-time': time }, '{}'), 'time', 400, 'invalid-event')
  }
  for (const datacontenttype of ['json', 'application/', 'a b/c', 'application/json; charset', '/json']) {
    await problemAbout(
      t,
      await send(structuredType, JSON.stringify({ ...structured, datacontenttype })),
      'datacontenttype',
      400,
      'invalid-event'
    )
  }
  const latin1 = Buffer.from('{"a":"ü"}', 'latin1')
  await problemAbout(t, await fetch(url, { method: 'POST', headers: binary, body: latin1 }), 'body', 400, 'invalid-event')
  const event = Buffer.from(JSON.stringify({ ...structured, data: 'ü' }), 'latin1')
  await problemAbout(
    t,
    await fetch(url, { method: 'POST', headers: structuredType, body: event }),
    'body',
    400,
    'invalid-event'
  )
  t.same(received, [])
  for (const time of ['2026-11-22T12:58:34Z', '2026-11-22t12:58:34.123456789z', '2026-11-22T12:58:34-23:59']) {
    t.equal((await send(structuredType, JSON.stringify({ ...structured, time }))).status, 204, time)
  }
  for (const type of ['text/xml', 'application/json; charset="utf-8"', 'application/json;charset=utf-8 ; a=b']) {
    const body = JSON.stringify({ ...structured, datacontenttype: type })
    t.equal((await send(structuredType, body)).status, 204, type)
  }
})

await t.test('rejects an event without a required attribute, and names the attribute', async (t) => {
  const { received, send } = await receiver(t)
  for (const name of ['id', 'source', 'type', 'specversion'] as const) {
    for (const value of [undefined, '']) {
      const headers: Record<string, string> = { ...binary, [`ce-${name}`]: value ?? '' }
      if (value === undefined) delete headers[`ce-${name}`]
      await problemAbout(
        t,
        await send(headers, '{}'),
        value === undefined && name === 'specversion' ? 'ce-specversion' : name,
        400,
        'invalid-event'
      )
      await problemAbout(
        t,
        await send(structuredType, JSON.stringify({ ...structured, [name]: value })),
        name,
        400,
        'invalid-event'
      )
    }
    await problemAbout(
      t,
      await send(structuredType, JSON.stringify({ ...structured, [name]: 5 })),
      name,
      400,
      'invalid-event'
    )
  }
  for (const version of ['0.3', '9', '1.00']) {
    await problemAbout(
      t,
      await send({ ...binary, 'ce-specversion': version }, '{}'),
      'specversion',
      400,
      'invalid-event'
    )
    await problemAbout(
      t,
      await send(structuredType, JSON.stringify({ ...structured, specversion: version })),
      'specversion',
      400,
      'invalid-event'
    )
  }
  t.same(received, [])
})

await t.test('rejects JSON that names another charset than UTF-8', async (t) => {
  const { received, send } = await receiver(t)
  const foreign = { ...binary, 'content-type': 'application/json; charset=latin1' }
  await problemAbout(t, await send(foreign, '{}'), 'datacontenttype', 400, 'invalid-event')
  t.same(received, [])
})

await t.test('rejects a request that is not an event', async (t) => {
  const { received, send } = await receiver(t)
  await problemAbout(
    t,
    await send({ 'content-type': 'application/json' }, '{}'),
    'ce-specversion',
    400,
    'invalid-event'
  )
  await problemAbout(t, await send({}), 'ce-specversion', 400, 'invalid-event')
  await problemAbout(
    t,
    await send({ 'content-type': 'application/cloudevents-batch+json' }, '[]'),
    'content-type',
    415,
    'unsupported-media-type'
  )
  const foreign = { 'content-type': 'application/cloudevents+json; charset=latin1' }
  await problemAbout(t, await send(foreign, '{}'), 'content-type', 415, 'unsupported-media-type')
  for (const format of ['+xml', '+avro', '+protobuf', '-batch+avro']) {
    await problemAbout(
      t,
      await send({ 'content-type': `application/cloudevents${format}` }, '<event/>'),
      'content-type',
      415,
      'unsupported-media-type'
    )
  }
  await problemAbout(t, await send(binary, '{"a":'), 'body', 400, 'invalid-event')
  for (const body of ['', '{', '[]', '[{}]', 'null', '7', '"x"']) {
    await problemAbout(t, await send(structuredType, body), 'body', 400, 'invalid-event')
  }
  for (
    const more of [
      { UPPER: 'x' },
      { 'a-b': 'x' },
      { dataschema: 'no uri ' },
      { source: 'no uri ' },
      { subject: '' },
      { time: 'noon' },
      { odd: {} },
      { odd: [] },
      { odd: 1.5 }
    ]
  ) {
    await problemAbout(
      t,
      await send(structuredType, JSON.stringify({ ...structured, ...more })),
      Object.keys(more)[0]!,
      400,
      'invalid-event'
    )
  }
  await problemAbout(t, await send(binary, `"${'x'.repeat(1024 * 1024)}"`), 'body', 413, 'too-large')
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  await problemAbout(t, await send(binary, deep), 'data', 400, 'invalid-event')
  await problemAbout(
    t,
    await send(structuredType, JSON.stringify(structured).replace('{"a":1}', deep)),
    'data',
    400,
    'invalid-event'
  )
  t.same(received, [])
  t.equal((await send(binary, '{}')).status, 204, 'accepts the next valid event')
})

await t.test('a failure while handling an event gives a status that makes the Broker retry', async (t) => {
  const { send } = await receiver(t)
  await problemOf(t, await send({ ...binary, 'ce-type': 'down' }, '{}'), 503, 'store-unavailable')
  await problemOf(t, await send({ ...binary, 'ce-type': 'bug' }, '{}'), 500, 'internal')
})

await t.test('other routes still parse their bodies', async (t) => {
  const { url } = await receiver(t)
  const response = await fetch(`${url}/json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}'
  })
  t.same(await response.json(), { a: 1 })
})
