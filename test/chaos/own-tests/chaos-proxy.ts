import { once } from 'node:events'
import http from 'node:http'
import t, { type Test } from 'tap'
import { httpServer } from '../../support/http-server.ts'
import { type Exchange, startChaosProxy } from '../chaos-proxy.ts'
import type { Fate } from '../fault-stream.ts'

const BODY = 'x'.repeat(1000)

/** A proxy with one fate for everything, before a server that answers with the body of the request. */
async function proxied (t: Test, fate: Partial<Fate>) {
  const { url, received } = await httpServer(t, ({ body }, response) => {
    response.writeHead(200, { 'content-length': body.length }).end(body)
  })
  const seen: Exchange[] = []
  const proxy = await startChaosProxy({
    kindOf: (method) => method,
    fateOf: () => ({ fault: 'pass', ms: 0, ...fate }),
    isObserved: (_, path) => path === '/observed',
    observe: (exchange) => seen.push(exchange),
    log: () => {}
  })
  t.teardown(() => proxy.stop())
  proxy.target = { url, token: 'its own' }
  return { proxy, received, seen, put: (path = '/') => put(proxy.url + path) }
}

/** The status and the body as far as they came, and the error that broke it off. */
async function put (url: string): Promise<{ status?: number, bytes: number, error?: string }> {
  const request = http.request(url, { method: 'PUT', agent: false, headers: { 'content-length': BODY.length } })
  request.on('error', () => {})
  request.end(BODY)
  let bytes = 0
  try {
    const [answer] = await once(request, 'response') as [http.IncomingMessage]
    try {
      for await (const chunk of answer) bytes += (chunk as Buffer).length
      return { status: answer.statusCode!, bytes }
    } catch (error) {
      return { status: answer.statusCode!, bytes, error: (error as NodeJS.ErrnoException).code! }
    }
  } catch (error) {
    return { bytes, error: (error as NodeJS.ErrnoException).code! }
  }
}

for (const fault of ['pass', 'delay', 'hold'] as const) {
  await t.test(fault, async (t) => {
    const { put, received } = await proxied(t, { fault, ms: fault === 'pass' ? 0 : 20 })
    t.strictSame(await put(), { status: 200, bytes: 1000 })
    t.match(received, [{ method: 'PUT', headers: { authorization: 'Bearer its own' } }])
  })
}

await t.test('refuse', async (t) => {
  const { put, received } = await proxied(t, { fault: 'refuse' })
  t.match(await put(), { status: 503 })
  t.equal(received.length, 0)
})

for (const fault of ['reset', 'swallow', 'cut the request'] as const) {
  await t.test(`${fault}: nothing arrives`, async (t) => {
    const { put, received, proxy } = await proxied(t, { fault })
    t.match(await put(), { bytes: 0, error: 'ECONNRESET' })
    t.equal(received.length, 0)
    t.strictSame([...proxy.counts], [[fault, 1]])
  })
}

for (const fault of ['close unanswered', 'lose the answer', 'cut the headers'] as const) {
  await t.test(`${fault}: it arrives, but no answer comes`, async (t) => {
    const { put, received, seen } = await proxied(t, { fault })
    t.match(await put('/observed'), { bytes: 0, error: /ECONNRESET|HPE_INVALID/ })
    t.equal(received.length, 1)
    t.match(seen, [{ method: 'PUT', path: '/observed', sent: Buffer.from(BODY), status: 200, body: Buffer.from(BODY) }])
  })
}

for (const path of ['/', '/observed']) {
  await t.test(`cut the answer of ${path}`, async (t) => {
    const { put } = await proxied(t, { fault: 'cut the answer' })
    t.match(await put(path), { status: 200, bytes: 500, error: 'ECONNRESET' })
  })
}

await t.test('an outage ends, and so do all faults', async (t) => {
  const { proxy, put } = await proxied(t, { fault: 'reset' })
  proxy.outage(60_000)
  await put()
  t.match([...proxy.counts], [['refused in an outage', 1]])
  proxy.heal()
  t.strictSame(await put(), { status: 200, bytes: 1000 })
})
