import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  request as send,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse
} from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { findRoute, routesOf, startEntry, type Route } from '../../../../knative/local/serving/entry.ts'
import { readManifests } from '../../../../knative/local/manifests.ts'
import { httpServer } from '../../../support/http-server.ts'
import { listen } from '../../../support/listen.ts'
import { poll } from '../../../support/poll.ts'

const routes = routesOf(readManifests('knative/base')['gateway.networking.k8s.io/v1/HTTPRoute'])
const everything: Route[] = [{ path: '', exact: false, backend: 'echo' }]

/** An entry point in front of one function named echo. */
async function entryOf (t: Test, url: string | undefined, timeoutSeconds = 300) {
  const entry = await startEntry({
    port: 0,
    routes: everything,
    backend: () => url === undefined ? undefined : { url, timeoutSeconds }
  })
  t.teardown(() => entry.stop())
  return entry.url
}

/** A function whose listener decides whether to read the body. */
async function bare (t: Test, listener: RequestListener) {
  return await listen(t, createServer(listener))
}

await t.test('two Host headers are refused, also though the function would get only one', async (t) => {
  const { url, received } = await httpServer(t)
  const entry = new URL(await entryOf(t, url))
  const socket = connect(Number(entry.port), entry.hostname)
  socket.end('GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\nconnection: close\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1.1 400 [^]*"the header host must not be sent twice"/)
  t.same(received, [])
})

await t.test('bytes that are not HTTP are answered with a problem', async (t) => {
  const entry = new URL(await entryOf(t, undefined))
  const socket = connect(Number(entry.port), entry.hostname)
  socket.end('GET /job?state=a b HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1.1 400 [^]*application\/problem\+json[^]*"The request is not valid HTTP"/)
})

await t.test('the manifest routes every path of the API to its function', async (t) => {
  const id = 'fe5dfc0c-7a4b-844c-8602-17252904b0d2'
  const table: Array<[string, string, string | undefined]> = [
    ['GET', '/job/deploy', 'deploy'],
    ['POST', '/job/deploy', 'deploy'],
    ['GET', '/demo', 'deploy'],
    ['GET', '/template', 'deploy'],
    ['DELETE', `/job/${id}`, 'deploy'],
    ['PATCH', `/job/${id}`, 'deploy'],
    ['GET', '/job', 'result-fetch'],
    ['GET', `/job/${id}`, 'result-fetch'],
    ['HEAD', `/job/${id}/result`, 'result-fetch'],
    ['GET', `/job/${id}/result/list`, 'result-fetch'],
    ['GET', `/job/${id}/log`, 'job-watch'],
    ['HEAD', `/job/${id}/log`, 'job-watch'],
    ['GET', `/job/${id}/events`, 'job-watch'],
    ['GET', `/job/${id}/events/`, 'result-fetch'],
    ['GET', `/job/${id}/result/log`, 'result-fetch'],
    ['GET', '/job/deployed', 'result-fetch'],
    ['GET', '/openapi/deploy.json', 'deploy'],
    ['GET', '/openapi/deploy.json/', undefined],
    ['GET', '/openapi/job-completed.json', undefined],
    ['GET', '/openapi.json', 'result-fetch'],
    ['GET', '/openapi.json/', undefined],
    ['GET', '/', 'result-fetch'],
    ['HEAD', '/', 'result-fetch'],
    ['GET', '/page/main-ABCDEFGH.js', 'result-fetch'],
    ['GET', '/pages', undefined],
    ['GET', '/jobs', undefined],
    ['POST', '/dead-letter', undefined],
    ['GET', '/health/readiness', undefined],
    ['GET', '/metrics', undefined],
    ['GET', '/metrics/jobs', undefined]
  ]
  for (const [method, path, backend] of table) {
    t.equal(findRoute(routes, method, path)?.backend, backend, `${method} ${path}`)
  }
  t.equal(findRoute(routes, 'GET', '/openapi/deploy.json')?.replaceFullPath, '/openapi.json')
  t.notOk(findRoute(routes, 'GET', '/openapi.json')?.replaceFullPath)
})

await t.test('the most specific match wins, whatever the order in the manifest', async (t) => {
  const match = (type: 'Exact' | 'PathPrefix', value: string, method?: string) => ({
    path: { type, value },
    ...method && { method }
  })
  const rule = (name: string, ...matches: Array<ReturnType<typeof match>>) => ({ matches, backendRefs: [{ name }] })
  const sorted = routesOf([{
    metadata: { name: 'r', namespace: 'n' },
    spec: {
      rules: [
        rule('all', match('PathPrefix', '/')),
        rule('short', match('PathPrefix', '/a/')),
        rule('delete', match('PathPrefix', '/a', 'DELETE')),
        rule('long', match('PathPrefix', '/a/b')),
        rule('exact', match('Exact', '/a'))
      ]
    }
  }])
  const found = (method: string, path: string) => findRoute(sorted, method, path)?.backend
  t.strictSame(['/', '/x', '/a', '/a/', '/a/x', '/a/b', '/a/b/c', '/ab'].map((path) => found('GET', path)), [
    'all',
    'all',
    'exact',
    'short',
    'short',
    'long',
    'long',
    'all'
  ])
  t.strictSame(['/a/x', '/a/b/c', '/a'].map((path) => found('DELETE', path)), ['delete', 'long', 'exact'])
})

await t.test('a request and its response pass unchanged, except for hop-by-hop headers', async (t) => {
  const echo = await httpServer(
    t,
    (_, response) =>
      response.writeHead(207, {
        'x-answer': 'yes',
        connection: 'close, x-own',
        'x-own': 'no',
        'set-cookie': ['a=1', 'b=2']
      }).end('done')
  )
  const url = new URL(await entryOf(t, echo.url))
  const request = send(url, {
    method: 'DELETE',
    path: '/a%2Fb/../c?d=%20&e',
    headers: {
      'x-forwarded-for': '203.0.113.9',
      'x-custom': 'kept',
      connection: 'x-secret',
      'x-secret': 'not kept',
      'transfer-encoding': 'chunked'
    }
  })
  request.end('a body')
  const [answer] = await once(request, 'response') as [IncomingMessage]
  t.match(echo.received, [{
    method: 'DELETE',
    url: '/a%2Fb/../c?d=%20&e',
    headers: {
      host: url.host,
      'x-custom': 'kept',
      'x-secret': undefined,
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-request-id': /^[0-9a-f-]{36}$/
    }
  }])
  t.equal(echo.received[0]!.body.toString(), 'a body')
  t.match(answer, { statusCode: 207, headers: { 'x-answer': 'yes', 'x-own': undefined, 'set-cookie': ['a=1', 'b=2'] } })
  t.equal(await text(answer), 'done')
})

await t.test('a path is rewritten as in the manifest, but its query is not', async (t) => {
  const echo = await httpServer(t)
  const entry = await startEntry({
    port: 0,
    routes: [{ path: '/openapi/a.json', exact: true, backend: 'a', replaceFullPath: '/openapi.json' }],
    backend: () => ({ url: echo.url, timeoutSeconds: 1 })
  })
  t.teardown(() => entry.stop())
  await fetch(`${entry.url}/openapi/a.json?pretty`)
  t.equal(echo.received[0]?.url, '/openapi.json?pretty')
})

await t.test('large bodies stream in both directions, byte for byte, without buffering', async (t) => {
  const url = await entryOf(t, await bare(t, (request, response) => request.pipe(response)))
  const request = send(url, { method: 'POST' })
  const sent = createHash('sha256')
  const received = createHash('sha256')
  let answer: IncomingMessage | undefined
  for (let i = 0; i < 64; i++) {
    const piece = randomBytes(1024 * 1024)
    sent.update(piece)
    request.write(piece)
    answer ??= (await once(request, 'response') as [IncomingMessage])[0]
    // The next piece is written when this one is back. An entry point that buffers the whole body would never answer.
    for (let left = piece.length; left > 0;) {
      const chunk: Buffer | null = answer.read()
      if (chunk === null) await once(answer, 'readable')
      else received.update(chunk)
      left -= chunk?.length ?? 0
    }
  }
  request.end()
  t.equal(await text(answer!), '')
  t.equal(received.digest('hex'), sent.digest('hex'))
})

await t.test('when the caller disconnects, the request to the function ends', async (t) => {
  const begun: string[] = []
  const ended: string[] = []
  const url = new URL(
    await entryOf(
      t,
      await bare(t, (request, response) => {
        begun.push(request.url!)
        response.on('close', () => ended.push(request.url!))
        if (request.url === '/answering') response.writeHead(200).write('a part')
      })
    )
  )
  const waiting = connect(Number(url.port), url.hostname)
  waiting.write('GET /waiting HTTP/1.1\r\nhost: x\r\n\r\n')
  await poll('the function has the request', () => begun.includes('/waiting'))
  waiting.destroy()
  await poll('the function sees the end', () => ended.includes('/waiting'))

  const [answer] = await once(send(new URL('/answering', url)).end(), 'response') as [IncomingMessage]
  answer.destroy()
  await poll('the function sees the end', () => ended.includes('/answering'))
  t.strictSame(ended, ['/waiting', '/answering'])
})

await t.test('the caller also sees an interrupted response as interrupted', async (t) => {
  const url = await entryOf(
    t,
    await bare(t, (_, response) => {
      response.writeHead(200, { 'content-length': '10' })
      response.write('half', () => response.destroy())
    })
  )
  const answer = await fetch(url)
  t.equal(answer.status, 200)
  await t.rejects(answer.text())
})

await t.test('a response does not wait for the rest of the request body', async (t) => {
  const url = new URL(
    await entryOf(
      t,
      await bare(t, (request, response) => {
        request.resume()
        response.writeHead(413).end('too large')
      })
    )
  )
  const request = send(url, { method: 'POST' })
  request.write('the beginning of a body')
  const [answer] = await once(request, 'response') as [IncomingMessage]
  t.equal(answer.statusCode, 413)
  t.equal(await text(answer), 'too large')
  request.on('error', () => {}).destroy()
})

await t.test('a missing response is reported as problem+json', async (t) => {
  const isProblem = async (t: Test, answer: Response, status: number, detail: RegExp) => {
    t.equal(answer.status, status)
    t.equal(answer.headers.get('content-type'), 'application/problem+json')
    t.match(await answer.json(), { type: 'about:blank', status, title: String, detail })
  }
  const entry = await startEntry({ port: 0, routes, backend: () => undefined })
  t.teardown(() => entry.stop())
  await t.test('404: no route', async (t) => isProblem(t, await fetch(`${entry.url}/nowhere?x`), 404, /\/nowhere$/))
  await t.test('503: the function does not run yet', async (t) =>
    isProblem(t, await fetch(`${entry.url}/job`), 503, /result-fetch/))
  await t.test('502: the function refuses the connection', async (t) =>
    isProblem(t, await fetch(await entryOf(t, 'http://127.0.0.1:1')), 502, /ECONNREFUSED/))
  await t.test('502: the function crashes during the request', async (t) => {
    const dying = await bare(t, (_: IncomingMessage, response: ServerResponse) => response.destroy())
    await isProblem(
      t,
      await fetch(await entryOf(t, dying), { method: 'POST', body: 'x' }),
      502,
      /socket hang up|ECONNRESET/
    )
  })
  await t.test('504: the function takes longer than its timeoutSeconds', async (t) => {
    const slow = await bare(t, () => {})
    await isProblem(t, await fetch(await entryOf(t, slow, 0.05)), 504, /within 0.05 s/)
  })
})

await t.test('a port in use is an error', async (t) => {
  const { port } = new URL(await entryOf(t, undefined))
  await t.rejects(startEntry({ port: Number(port), routes, backend: () => undefined }), { code: 'EADDRINUSE' })
})
