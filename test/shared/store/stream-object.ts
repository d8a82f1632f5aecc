import { once } from 'node:events'
import http from 'node:http'
import { pipeline } from 'node:stream/promises'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { isProblem } from '../../../shared/http/problem.ts'
import { getObject, streamObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { listen } from '../../support/listen.ts'
import { poll } from '../../support/poll.ts'
import { storeAt } from '../../support/store.ts'

const SILENCE_MS = 200
/** More than the buffers of all sockets on the way hold. */
const LARGE = Buffer.alloc(64 * 2 ** 20, 'large')

/** A store that answers every GET in the same way, and the connections to it. */
async function serve (t: Test, answer: (response: http.ServerResponse, count: number) => unknown) {
  let count = 0
  const server = http.createServer((_, response) => answer(response, ++count))
  let connections = 0
  server.on('connection', (socket) => {
    connections++
    socket.on('close', () => connections--)
  })
  return { store: storeAt(await listen(t, server), SILENCE_MS), connections: () => connections }
}

const head = { etag: '"e"' }
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

async function opened (store: Store): Promise<http.IncomingMessage> {
  const stream = await streamObject(store, 'a')
  if (stream === undefined) throw new Error('there is no object')
  return stream
}

await t.test('a store that stalls in the middle of a body ends the stream, its connection and its timer', async (t) => {
  for (const body of ['', 'half', LARGE.subarray(0, 2 ** 20)]) {
    const before = timers()
    const { store, connections } = await serve(t, (response) => {
      response.writeHead(200, { ...head, 'content-length': 2 * LARGE.length }).flushHeaders()
      response.write(body)
    })
    const stream = await opened(store)
    await t.rejects(buffer(stream), { message: `the object store sent nothing for ${SILENCE_MS} ms` })
    await poll('the connection is closed', () => connections() === 0)
    await poll('the timer is gone', () => timers() <= before)
  }
})

await t.test('a store that breaks off in the middle of a body ends the stream with an error', async (t) => {
  const { store } = await serve(t, (response) => {
    response.writeHead(200, { ...head, 'content-length': 100 }).write('half', () => response.destroy())
  })
  await t.rejects(text(await opened(store)))
})

await t.test('a reader that stalls keeps its stream and gets every byte', async (t) => {
  const { store } = await serve(t, (response) => response.writeHead(200, head).end(LARGE))
  const stream = await opened(store)
  const chunks = [await once(stream, 'readable').then(() => stream.read(1) as Buffer)]
  await pause(4 * SILENCE_MS)
  chunks.push(await buffer(stream))
  t.ok(Buffer.concat(chunks).equals(LARGE))
})

await t.test('a reader that begins late gets the whole of an object that has arrived', async (t) => {
  for (const body of ['', 'small']) {
    const { store } = await serve(t, (response) => response.writeHead(200, head).end(body))
    const stream = await opened(store)
    await pause(4 * SILENCE_MS)
    t.equal(await text(stream), body)
  }
})

await t.test('a slow store and a slow reader are not silent', async (t) => {
  const { store } = await serve(t, async (response) => {
    response.writeHead(200, head).flushHeaders()
    for (const letter of 'slow store') {
      response.write(letter)
      await pause(SILENCE_MS / 2)
    }
    response.end()
  })
  t.equal(await text(await opened(store)), 'slow store')

  const fast = await serve(t, (response) => response.writeHead(200, head).end(LARGE.subarray(0, 2 ** 20)))
  let size = 0
  let chunks = 0
  for await (const chunk of await opened(fast.store)) {
    size += (chunk as Buffer).length
    await pause(++chunks % 5 === 0 ? 2 * SILENCE_MS : 20)
  }
  t.equal(size, 2 ** 20)
})

await t.test('a caller that does not read its download does not end it, and a store that stalls does', async (t) => {
  let stalls = false
  const { store } = await serve(t, (response) => {
    response.writeHead(200, { ...head, 'content-length': LARGE.length })
    if (stalls) response.write(LARGE.subarray(0, LARGE.length / 2))
    else response.end(LARGE)
  })
  // As result-fetch sends it.
  const url = await listen(t, http.createServer((_, response) => {
    opened(store).then(async (stream) => {
      response.writeHead(200, { 'content-length': LARGE.length })
      await pipeline(stream, response)
    }).catch(() => response.destroy())
  }))
  async function download (patience: number): Promise<Buffer> {
    const request = http.get(url)
    const [response] = await once(request, 'response') as [http.IncomingMessage]
    await pause(patience)
    return await buffer(response)
  }
  t.ok((await download(4 * SILENCE_MS)).equals(LARGE))
  stalls = true
  await t.rejects(download(0), { code: 'ECONNRESET' })
  await t.rejects(download(4 * SILENCE_MS), { code: 'ECONNRESET' }, 'also when the caller stalled before')
})

await t.test('a reader that gives up frees the connection and the timer', async (t) => {
  const before = timers()
  const { store, connections } = await serve(t, (response) => response.writeHead(200, head).end(LARGE))
  const stream = await opened(store)
  stream.destroy()
  await poll('the connection is closed', () => connections() === 0)
  await poll('the timer is gone', () => timers() <= before)
})

await t.test('the connection of a stream serves the next request, with the patience for an answer', async (t) => {
  const { store, connections } = await serve(t, (response, count) => {
    if (count === 1) response.writeHead(200, head).end('first')
    else response.writeHead(200, { ...head, 'content-length': 100 }).write('half')
  })
  t.equal(await text(await opened(store)), 'first')
  t.ok(isProblem(await getObject(store, 'a').catch((error: unknown) => error), 'store-unavailable'))
  await poll('the connection is closed', () => connections() === 0)
})
