import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { exactly, putContent, type Sent } from '../../../jobs/uploader/put-content.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { httpServer } from '../../support/http-server.ts'

const body = Buffer.from('some bytes')
const headers = { 'content-length': String(body.length), 'x-signed': 'exactly this' }
const means = { signal: new AbortController().signal, log: () => {} }

async function * chunks (): AsyncGenerator<Buffer> {
  yield body.subarray(0, 3)
  yield body.subarray(3)
}

for (
  const [status, answer, sent] of [
    [200, '', 'stored'],
    [412, '<Code>PreconditionFailed</Code>', 'stored'],
    [400, '<Code>BadDigest</Code>', 'changed'],
    [400, '<Code>XAmzContentChecksumMismatch</Code>', 'changed'],
    [400, '<Code>RequestTimeout</Code>', 'again'],
    [408, '', 'again'],
    [409, '<Code>ConditionalRequestConflict</Code>', 'again'],
    [429, '', 'again'],
    [500, '<Code>InternalError</Code>', 'again'],
    [503, '<Code>SlowDown</Code>', 'again'],
    [507, '', 'again'],
    [400, '<Code>EntityTooLarge</Code>', { refused: 'the store answers 400 EntityTooLarge' }],
    [403, '<Code>AccessDenied</Code>', { refused: 'the store answers 403 AccessDenied' }],
    [404, '<Code>NoSuchBucket</Code>', { refused: 'the store answers 404 NoSuchBucket' }],
    [301, '', { refused: 'the store answers 301 ' }]
  ] as [number, string, Sent][]
) {
  await t.test(`the answer ${status} ${answer} means: ${JSON.stringify(sent)}`, async (t) => {
    const { url, received } = await httpServer(t, (_, response) => response.writeHead(status).end(answer))
    for (const bytes of [body, chunks()]) {
      t.same(await putContent(bytes, { method: 'PUT', url: `${url}/key?signature`, headers }, means), sent)
    }
    for (const request of received) {
      t.match(request, { method: 'PUT', url: '/key?signature', headers })
      t.notOk(request.headers['transfer-encoding'])
      t.ok(request.body.equals(body))
    }
  })
}

await t.test('a store that is away is asked again', async (t) => {
  t.equal(await putContent(body, { method: 'PUT', url: await closedUrl(), headers }, means), 'again')
})

await t.test('a file that has become shorter has changed', async (t) => {
  const { url } = await httpServer(t)
  t.equal(await putContent(exactly(body.length + 1, chunks()), {
    method: 'PUT',
    url,
    headers: { 'content-length': String(body.length + 1) }
  }, means), 'changed')
})

await t.test('when the time is over a store that is silent is not waited for', async (t) => {
  const over = new AbortController()
  const { url } = await httpServer(t, () => over.abort())
  t.equal(await putContent(body, { method: 'PUT', url, headers }, { ...means, signal: over.signal }), 'again')
})

await t.test('a chunk is not asked for before the one before it is sent, so memory can be used again', async (t) => {
  const size = 4 * 1024 * 1024
  const chunk = Buffer.alloc(64 * 1024)
  async function * sameMemory (): AsyncGenerator<Buffer> {
    for (let at = 0; at < size; at += chunk.length) yield chunk.fill(at / chunk.length)
  }
  const { url, received } = await httpServer(t, (_, response) => response.end())
  const sized = { 'content-length': String(size) }
  t.equal(await putContent(sameMemory(), { method: 'PUT', url, headers: sized }, means), 'stored')
  const wrong = [...received[0]!.body.keys()].find((at) => received[0]!.body[at] !== Math.floor(at / chunk.length))
  t.equal(wrong, undefined)
})

await t.test('a store that breaks the connection in the middle of a large file is asked again', async (t) => {
  async function * much (): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < 64; sent++) yield Buffer.alloc(1024 * 1024)
  }
  const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy())).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sized = { 'content-length': String(64 * 1024 * 1024) }
  t.equal(await putContent(much(), { method: 'PUT', url, headers: sized }, means), 'again')
})
