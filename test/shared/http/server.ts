import { request as httpRequest } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyPluginAsync } from 'fastify'
import t from 'tap'
import { Type } from 'typebox'
import { buildServer } from '../../../shared/http/server.ts'
import { problemOf } from '../../support/problem-of.ts'
import { serve } from '../../support/serve.ts'

const app: FastifyPluginAsync = async (app) => {
  app.get('/thing/:id', {
    schema: {
      params: Type.Object({ id: Type.String() }),
      querystring: Type.Object({ n: Type.Integer({ default: 7 }) })
    }
  }, async (request) => request.query)
  app.post('/thing/special', async () => ({}))
  app.delete('/thing/:id', async () => ({}))
}

await t.test('a method that the path does not support is answered with 405 and the supported methods', async (t) => {
  const { url } = await serve(t, app)
  for (
    const [method, path, allow] of [
      ['POST', '/thing/a', 'GET, HEAD, DELETE'],
      ['PUT', '/thing/a', 'GET, HEAD, DELETE'],
      ['OPTIONS', '/thing/a', 'GET, HEAD, DELETE'],
      ['PATCH', '/thing/special', 'POST'],
      ['GET', '/thing/special', 'POST'],
      ['DELETE', '/%74hing/s%70ecial?a=b', 'POST'],
      ['PUT', '/thing/', 'GET, HEAD, DELETE'],
      ['PATCH', '/thing/a%2Fb', 'GET, HEAD, DELETE'],
      ['POST', '/health/liveness', 'GET, HEAD'],
      ['DELETE', '/openapi.json', 'GET, HEAD']
    ] as const
  ) {
    const response = await fetch(url + path, {
      method,
      ...(method === 'POST' && { body: '{', headers: { 'content-type': 'application/json' } })
    })
    t.equal(response.headers.get('allow'), allow, `${method} ${path}`)
    await problemOf(t, response, 405, 'method-not-allowed')
  }
  // Other methods that Node parses but fetch cannot send. TRACE must not send the request back to the client.
  for (const method of ['TRACE', 'PROPFIND', 'QUERY', 'M-SEARCH', 'LOCK']) {
    const [response] = await once(httpRequest(`${url}/thing/a`, { method }).end(), 'response')
    t.equal(response.headers.allow, 'GET, HEAD, DELETE', method)
    t.match(JSON.parse(await text(response)), { status: 405, type: 'urn:gx4ki:problem:method-not-allowed' })
  }
})

/** Sends one request as it is written, and returns the answer. */
async function sent (url: string, lines: string[], body = ''): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.end([...lines, 'connection: close', '', body].join('\r\n'))
  return await text(socket)
}

await t.test('a header that has one meaning is refused when it is sent twice', async (t) => {
  const { url } = await serve(t, app)
  for (const [name, value] of [['Host', 'a'], ['Authorization', 'Bearer a'], ['content-type', 'text/plain']] as const) {
    const twice = [`${name}: ${value}`, `${name.toLowerCase()}: ${value}`]
    for (const path of ['/thing/a?n=1', '/none']) {
      const answer = await sent(url, [`GET ${path} HTTP/1.1`, ...(name === 'Host' ? [] : ['host: a']), ...twice])
      t.match(answer, /^HTTP\/1.1 400 /, `${name} ${path}`)
      t.match(JSON.parse(answer.split('\r\n\r\n')[1]!), { errors: [{ field: name.toLowerCase() }] })
    }
  }
  t.match(await sent(url, ['GET /thing/a HTTP/1.1', 'host: a', 'accept: a', 'accept: b']), /^HTTP\/1.1 200 /)
})

await t.test('the target of a request may be a whole URL', async (t) => {
  const { url } = await serve(t, app)
  for (const base of [url, 'HTTP://another.example:80']) {
    t.match(await sent(url, [`GET ${base}/thing/a?n=2 HTTP/1.1`, 'host: a']), /^HTTP\/1.1 200 [^]*"n":2/)
    t.match(await sent(url, [`GET ${base}/none HTTP/1.1`, 'host: a']), /^HTTP\/1.1 404 [^]*problem:not-found/)
    t.match(await sent(url, [`GET ${base}?n=2 HTTP/1.1`, 'host: a']), /^HTTP\/1.1 404 [^]*problem:not-found/)
  }
})

await t.test('a content type without a body is ignored where the route takes none', async (t) => {
  const { url } = await serve(t, async (app) => {
    app.delete('/thing', async (request) => ({ body: request.body ?? 'none' }))
    app.post('/again', async (request) => ({ body: request.body ?? 'none' }))
    app.post('/whole', { schema: { body: Type.Object({}) } }, async (request) => ({ body: request.body }))
  })
  for (const [method, path] of [['DELETE', '/thing'], ['POST', '/again']] as const) {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/html; charset=utf-8', 'odd']) {
      for (const length of [[], ['content-length: 0']]) {
        const head = [`${method} ${path} HTTP/1.1`, 'host: a', `content-type: ${type}`, ...length]
        t.match(await sent(url, head), /^HTTP\/1.1 200 [^]*\{"body":"none"\}$/, head.join())
      }
    }
    const head = [`${method} ${path} HTTP/1.1`, 'host: a', 'content-type: application/json']
    const chunked = await sent(url, [...head, 'transfer-encoding: chunked'], '0\r\n\r\n')
    t.match(chunked, /^HTTP\/1.1 200 /, 'an empty body in chunks')
    const response = await fetch(url + path, { method, headers: { 'content-type': 'application/json' }, body: '{' })
    await problemOf(t, response, 400, 'invalid-request')
  }
  const empty = await fetch(`${url}/whole`, { method: 'POST', headers: { 'content-type': 'application/json' } })
  t.match((await problemOf(t, empty, 400, 'invalid-request')).errors, [{ field: 'body' }])
})

await t.test('a request that arrives too slowly is answered with 408, a slow answer is not', async (t) => {
  const server = await buildServer({
    title: 'test',
    admit: undefined,
    app: async (app) => {
      app.post('/body', async () => 'done')
      app.get('/slow', async () => {
        await pause(1500)
        return 'done'
      })
    }
  }, { LOG_LEVEL: 'silent', TRUSTED_PROXIES: '' }, 600)
  t.teardown(() => server.close())
  const url = await server.listen({ port: 0, host: '127.0.0.1' })
  const lines = ['POST /body HTTP/1.1', 'host: a', 'content-type: application/json', 'content-length: 100']
  const slowHead = lines.join('\r\n')
  for (const begun of [slowHead, `${slowHead}\r\n\r\n`, `${slowHead}\r\n\r\n{"a":`]) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    // A body that never stops coming is as slow as one that stops.
    const drip = begun.includes('{') ? setInterval(() => socket.write(' '), 100) : undefined
    socket.on('error', () => {}).write(begun)
    const answer = await text(socket)
    clearInterval(drip)
    t.match(answer, /^HTTP\/1.1 408 /)
    t.match(JSON.parse(answer.split('\r\n\r\n')[1]!), { type: 'urn:gx4ki:problem:request-timeout', status: 408 })
  }
  t.equal((await fetch(`${url}/slow`)).status, 200)
})

await t.test('bytes that are not HTTP are answered with a problem', async (t) => {
  const { url } = await serve(t, app)
  for (
    const [sent, status, kind] of [
      ['hello\r\n\r\n', 400, 'invalid-request'],
      ['FETCH /thing/a HTTP/1.1\r\nhost: a\r\n\r\n', 400, 'invalid-request'],
      ['GET /thing/a HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n', 400, 'invalid-request'],
      [`GET /thing/a HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large']
    ] as const
  ) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.end(sent)
    const answer = await text(socket)
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), sent.slice(0, 40))
    const [head, body] = answer.split('\r\n\r\n')
    t.match(head, /^content-type: application\/problem\+json$/m)
    t.match(JSON.parse(body!), { type: `urn:gx4ki:problem:${kind}`, status, trace_id: /^[0-9a-f]{32}$/ })
  }
  t.equal((await fetch(`${url}/thing/a`)).status, 200, 'the next request works')
})

await t.test('an unknown expectation is ignored', async (t) => {
  const { url } = await serve(t, app)
  t.match(await sent(url, ['GET /thing/a HTTP/1.1', 'host: a', 'expect: wonders']), /^HTTP\/1.1 200 [^]*{"n":7}$/)
})

await t.test('an answer is not cacheable unless it sets cache-control', async (t) => {
  const { url } = await serve(t, async (app) => {
    app.get('/state', async () => ({}))
    app.get('/file', async (_, reply) => reply.header('cache-control', 'max-age=60').send('x'))
  })
  for (const [path, expected] of [['/state', 'no-store'], ['/none', 'no-store'], ['/%', 'no-store'], ['/file', 'max-age=60']] as const) {
    t.equal((await fetch(url + path)).headers.get('cache-control'), expected, path)
  }
})

await t.test('an unknown path is answered with a problem', async (t) => {
  const { url } = await serve(t, app)
  for (const path of ['/', '/thing', '/Thing/a', '/thing/a/b', '/..%2fetc']) {
    await problemOf(t, await fetch(url + path), 404, 'not-found')
    await problemOf(t, await fetch(url + path, { method: 'PUT' }), 404, 'not-found')
    // The body does not matter.
    for (const type of ['application/json', 'nonsense']) {
      const body = { method: 'POST', body: '{', headers: { 'content-type': type } }
      await problemOf(t, await fetch(url + path, body), 404, 'not-found')
    }
  }
  // Fastify refuses a QUERY without a content type.
  const [response] = await once(httpRequest(`${url}/thing`, { method: 'QUERY' }).end(), 'response')
  t.match(JSON.parse(await text(response)), { status: 404, type: 'urn:gx4ki:problem:not-found' })
})

await t.test('an encoded body is refused, because it would be read as it is', async (t) => {
  const { url } = await serve(t, app)
  const answer = async (method: string, coding: string, body?: string): Promise<Response> =>
    await fetch(`${url}/thing/${method === 'POST' ? 'special' : 'a'}`, {
      method,
      ...body !== undefined && { body },
      headers: { 'content-type': 'application/json', 'content-encoding': coding }
    })
  for (const coding of ['gzip', 'br', 'identity, gzip']) {
    const response = await answer('POST', coding, '{}')
    t.equal(response.headers.get('accept-encoding'), 'identity')
    const { errors } = await problemOf(t, response, 415, 'unsupported-media-type')
    t.match(errors, [{ field: 'content-encoding' }])
  }
  for (const [method, coding, body] of [['POST', 'Identity', '{}'], ['GET', 'gzip'], ['DELETE', 'gzip']] as const) {
    t.equal((await answer(method, coding, body)).status, 200, `${method} ${coding}`)
  }
})

await t.test('the trace id is that of the caller, otherwise a new one', async (t) => {
  const { url } = await serve(t, app)
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  const traceOf = async (traceparent?: string): Promise<string> =>
    (await problemOf(t, await fetch(`${url}/none`, { headers: traceparent ? { traceparent } : {} }), 404, 'not-found'))
      .trace_id
  t.equal(await traceOf(`00-${id}-00f067aa0ba902b7-01`), id)
  const problem = await problemOf(
    t,
    await fetch(`${url}/none`, { headers: { 'ce-traceparent': `00-${id}-00f067aa0ba902b7-01` } }),
    404,
    'not-found'
  )
  t.equal(problem.trace_id, id, "an event's trace id is taken too")
  const own = [
    await traceOf(),
    await traceOf(),
    await traceOf('nonsense'),
    await traceOf(`00-${id.toUpperCase()}-00f067aa0ba902b7-01`)
  ]
  t.equal(new Set([...own, id, id.toUpperCase()]).size, 6)
})

await t.test('a query gets its defaults, and its numbers are converted', async (t) => {
  const { url } = await serve(t, app)
  t.same(await (await fetch(`${url}/thing/a`)).json(), { n: 7 })
  t.same(await (await fetch(`${url}/thing/a?n=8`)).json(), { n: 8 })
})

await t.test('a query that is not UTF-8 is refused, because it would be taken for another', async (t) => {
  const { url } = await serve(t, async (app) => {
    app.get('/named', async ({ query }) => query)
  })
  for (const value of ['%ff', 'gr%F6%DFer', '%ED%A0%80', '%C0%AF', 'a&b=%e2%82']) {
    const { errors } = await problemOf(t, await fetch(`${url}/named?a=${value}`), 400, 'invalid-request')
    t.match(errors, [{ field: value.includes('b=') ? 'b' : 'a', message: /not UTF-8/ }], value)
  }
  for (const [value, read] of [['100%', '100%'], ['%C3%B6', 'ö'], ['%2500?x', '%00?x'], ['a+b', 'a b']] as const) {
    t.same(await (await fetch(`${url}/named?a=${value}`)).json(), { a: read })
  }
})

await t.test('the metrics are in the format of Prometheus', async (t) => {
  const { url } = await serve(t, app)
  const response = await fetch(`${url}/metrics`)
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)]
  t.ok(types.length > 5)
  for (const [, name, type] of types) {
    t.match(text, new RegExp(`^# HELP ${name} .{30,}$`, 'm'), `${name} has a help text`)
    t.match(
      name,
      type === 'counter' ? /^gx4ki_\w+_total$/ : /^gx4ki_\w+_seconds$/,
      `${name} follows the naming rules of Prometheus`
    )
  }
})

await t.test('a function serves its health and its OpenAPI document', async (t) => {
  const { url } = await serve(t, app, { admit: undefined, document: async () => ({ openapi: '3.1.0' }) })
  t.same(await (await fetch(`${url}/health/liveness`)).json(), { status: 'alive' })
  t.same(await (await fetch(`${url}/health/readiness`)).json(), { status: 'ready' })
  const document = await fetch(`${url}/openapi.json`)
  t.same(await document.json(), { openapi: '3.1.0' })
  const same = { 'if-none-match': document.headers.get('etag')! }
  t.equal((await fetch(`${url}/openapi.json`, { headers: same })).status, 304)
})
