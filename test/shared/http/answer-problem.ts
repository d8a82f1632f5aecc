import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FastifyPluginAsync } from 'fastify'
import t from 'tap'
import { Type } from 'typebox'
import { problem } from '../../../shared/http/problem.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'
import { serve } from '../../support/serve.ts'

const app: FastifyPluginAsync = async (app) => {
  app.get('/boom', async () => {
    throw new Error('the password is hunter2', { cause: new Error('inner') })
  })
  app.get('/problem', async () => {
    throw problem('unknown-file', 'Nothing here', {
      job_uuid: 'the job',
      errors: [{ field: 'file', message: 'is odd' }],
      headers: { 'x-more': '1' },
      cause: new Error('hunter2')
    })
  })
  app.get('/down', async () => {
    throw problem('store-unavailable', 'No store')
  })
  app.post('/thing/:id', {
    schema: {
      params: Type.Object({ id: Type.String({ maxLength: 5 }) }),
      headers: Type.Object({ 'x-short': Type.Optional(Type.String({ maxLength: 3 })) }),
      querystring: Type.Object({ n: Type.Optional(Type.Integer({ maximum: 9 })) }, { additionalProperties: false }),
      body: Type.Object({
        a: Type.Integer(),
        kind: Type.Optional(Type.Enum(['x', 'y'])),
        deep: Type.Optional(Type.Object({ 'b/c~d': Type.Integer() }))
      }, { additionalProperties: false })
    }
  }, async (request) => request.body)
}

const json = (body: string, type = 'application/json'): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': type }
})

await t.test('a problem is answered without its cause', async (t) => {
  const { url } = await serve(t, app)
  const response = await fetch(`${url}/problem`)
  t.equal(response.headers.get('x-more'), '1')
  const { trace_id: trace, ...body } = await problemOf(t, response, 404, 'unknown-file')
  t.same(body, {
    type: 'urn:gx4ki:problem:unknown-file',
    title: 'There is no such result file',
    status: 404,
    detail: 'Nothing here',
    errors: [{ field: 'file', message: 'is odd' }],
    job_uuid: 'the job'
  })
})

await t.test('a problem has at most a hundred errors, and no long names or values', async (t) => {
  const long = 'ü'.repeat(500_000)
  const { problem: told } = problem('invalid-request', long, {
    errors: Array.from({ length: 50_000 }, (_, at) => ({ field: `${at}.${long}`, message: long }))
  })
  t.equal(told.errors!.length, 100)
  t.equal(told.more_errors, 49_900)
  t.match(told.errors![99]!.field, /^99\.ü+…ü+$/)
  t.ok(told.errors!.every(({ field, message }) => field.length <= 300 && message.length <= 1000))
  t.ok(told.detail.length <= 1000)
  t.equal(problem('invalid-request', 'a', { errors: Array(100).fill({ field: 'a', message: 'b' }) }).problem.more_errors, undefined)
})

await t.test('a 503 has Retry-After', async (t) => {
  const { url } = await serve(t, app)
  const response = await fetch(`${url}/down`)
  t.equal(response.headers.get('retry-after'), '5')
  await problemOf(t, response, 503, 'store-unavailable')
})

await t.test('an unexpected error is answered without its details', async (t) => {
  const { url } = await serve(t, app)
  const problem = await problemOf(t, await fetch(`${url}/boom`), 500, 'internal')
  t.notMatch(JSON.stringify(problem), /hunter2|inner/)
  t.notOk(problem.errors)
})

await t.test('the answer names the part of the request that is wrong', async (t) => {
  const { url } = await serve(t, app)
  for (
    const [field, path, init] of [
      ['id', '/thing/toolong', json('{"a":1}')],
      ['n', '/thing/a?n=10', json('{"a":1}')],
      ['n', '/thing/a?n=Infinity', json('{"a":1}')],
      ['n', '/thing/a?n=1&n=2', json('{"a":1}')],
      ['n', '/thing/a?n=x', json('{"a":1}')],
      ['m', '/thing/a?m=1', json('{"a":1}')],
      ['x-short', '/thing/a', {
        ...json('{"a":1}'),
        headers: { 'content-type': 'application/json', 'x-short': 'long' }
      }],
      ['a', '/thing/a', json('{}')],
      ['a', '/thing/a', json('{"a":"1"}')],
      ['a', '/thing/a', json('{"a":1e999}')],
      ['b', '/thing/a', json('{"a":1,"b":1}')],
      ['deep.b/c~d', '/thing/a', json('{"a":1,"deep":{"b/c~d":"x"}}')],
      ['deep.b/c~d', '/thing/a', json('{"a":1,"deep":{}}')],
      ['body', '/thing/a', json('[]')],
      ['body', '/thing/a', json('null')],
      ['body', '/thing/a', json('{')],
      ['body', '/thing/a', json('')],
      ['__proto__', '/thing/a', json('{"a":1,"__proto__":{"b":1}}')],
      ['a', '/thing/a', json('{"a":1,"a":2}')],
      ['body', '/thing/a', { method: 'POST' }],
      ['path', '/thing/%zz', json('{"a":1}')],
      ['path', '/%', {}],
      ['path', `/thing/${'a'.repeat(1025)}`, json('{"a":1}')]
    ] as const
  ) await problemAbout(t, await fetch(url + path, init), field)
  const { errors } = await problemAbout(t, await fetch(`${url}/thing/a`, json('{"a":1,"kind":"z"}')), 'kind')
  t.match(errors![0]!.message, /x,y/, 'the message lists the allowed values')
})

await t.test('a body that is too large or has another type is refused', async (t) => {
  const { url } = await serve(t, app)
  await problemAbout(t, await fetch(`${url}/thing/a`, json('x'.repeat(1024 * 1024 + 1))), 'body', 413, 'too-large')
  for (const type of ['application/x-www-form-urlencoded', 'text/html', 'text/plain', 'nonsense', 'application/json5']) {
    const { errors } = await problemAbout(
      t,
      await fetch(`${url}/thing/a`, json('{"a":1}', type)),
      'content-type',
      415,
      'unsupported-media-type'
    )
    t.match(errors, [{ message: 'must be application/json' }])
  }
  t.equal(
    (await fetch(`${url}/thing/a`, json('{"a":1}', 'application/json; charset=utf-8'))).status,
    200,
    'a valid body still works'
  )
})

await t.test('a body that is shorter than its content-length is refused', async (t) => {
  const { url } = await serve(t, app)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.end('POST /thing/a HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"a"')
  const answer = await text(socket)
  t.notMatch(answer, /^HTTP\/1.1 (2|5)/)
  t.equal((await fetch(`${url}/thing/a`, json('{"a":1}'))).status, 200, 'the next request works')
})
