import t from 'tap'
import { serverEvents } from '../../../../shared/http/streams/server-events.ts'

function bodyOf (...pieces: Uint8Array[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Response(ReadableStream.from(pieces)).body!
}

await t.test('a character that comes in two pieces is whole', async (t) => {
  const bytes = new TextEncoder().encode('id: 7\ndata: 🚗 fährt\n\n')
  for (let at = 1; at < bytes.length; at++) {
    const events = await Array.fromAsync(serverEvents(bodyOf(bytes.subarray(0, at), bytes.subarray(at))))
    t.strictSame(events, [{ id: '7', type: 'message', data: '🚗 fährt' }])
  }
})

await t.test('a ping keeps a stream, and silence ends it', async (t) => {
  const pings = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async start (stream) {
      for (let n = 0; n < 8; n++) {
        stream.enqueue(new TextEncoder().encode(n === 7 ? 'data: x\n\n' : ': ping\n\n'))
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  })
  const events = serverEvents(pings, 100)
  t.match(await events.next(), { value: { data: 'x' } })
  await t.rejects(events.next(), { name: 'TimeoutError' })
})
