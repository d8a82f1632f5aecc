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
