import { CloudEvent, HTTP } from 'cloudevents'
import t, { type Test } from 'tap'
import { type Event, receiveEvents } from '../../../shared/events/receive-events.ts'
import { problem } from '../../../shared/http/problem.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'
import { serve } from '../../support/serve.ts'

/** A function that receives events at `/`, and the events that it received. */
async function receiver (t: Test) {
  const received: Event[] = []
  const { url } = await serve(t, async (app) => {
    await receiveEvents(app, {
      path: '/',
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
  await problemAbout(
    t,
    await send({ 'content-type': 'application/cloudevents+xml' }, '<event/>'),
    'body',
    400,
    'invalid-event'
  )
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
