import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { isProblem } from '../../../shared/http/problem.ts'
import { contentReader, type OpenContent } from '../../../shared/store/content-reader.ts'
import type { DirectAnswer } from '../../../shared/store/direct-get.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { listen } from '../../support/listen.ts'
import { poll } from '../../support/poll.ts'
import { storeSettingsOf } from '../../support/store-settings.ts'
import { trustedCertificate } from '../../support/trusted-certificate.ts'

const SILENCE_MS = 200
/** For the tests that are not about silence: a machine may be busy. */
const PATIENT_MS = 10_000
/** More than the buffers of all sockets on the way hold, and no two parts of it are alike. */
const LARGE = Buffer.alloc(16 * 2 ** 20)
for (let at = 0; at < LARGE.length; at += 4) LARGE.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at)
const head = { etag: '"e"' }
const whole = { ...head, 'content-length': LARGE.length }

const openAt = (url: string, silenceMs = PATIENT_MS): OpenContent => {
  const settings = storeSettingsOf(url)
  return contentReader(openStore(settings, silenceMs))
}

type Answer = (response: http.ServerResponse) => unknown

/** A server that sends on what it opens, and the errors of that. */
async function sender (t: Test, open: () => Promise<DirectAnswer | undefined>, size = LARGE.length) {
  const failures: Error[] = []
  const url = await listen(t, http.createServer((_, response) => {
    open().then(async (content) => {
      response.writeHead(200, { 'content-length': size })
      await content!.copyTo(response)
      response.end()
    }).catch((error: Error) => {
      failures.push(error)
      response.destroy()
    })
  }))
  return { url, failures }
}

/** A store that answers every GET in the same way, and a server that sends its object `a` on. */
async function serve (t: Test, answer: Answer, silenceMs = PATIENT_MS) {
  let connections = 0
  const requests: http.IncomingMessage[] = []
  const store = http.createServer((request, response) => {
    requests.push(request)
    answer(response)
  })
  store.on('connection', (socket) => {
    connections++
    socket.on('close', () => connections--)
  })
  const openContent = openAt(await listen(t, store), silenceMs)
  const { url, failures } = await sender(t, async () => await openContent('a', LARGE.length))
  return { url, openContent, requests, failures, connections: () => connections }
}

async function download (url: string, patience = 0): Promise<Buffer> {
  const [response] = await once(http.get(url), 'response') as [http.IncomingMessage]
  await pause(patience)
  return await buffer(response)
}

await t.test('a large object is sent on as it is, on a connection of its own that ends', async (t) => {
  const { url, requests, connections } = await serve(t, (response) => response.writeHead(200, whole).end(LARGE))
  const all = await Promise.all([download(url), download(url), download(url)])
  for (const one of all) t.ok(one.equals(LARGE))
  t.match(requests[0], { headers: { connection: 'close' }, url: /^\/bucket\/a\?.*X-Amz-Signature=/ })
  await poll('the connections are closed', () => connections() === 0)
})

await t.test('a store with TLS, also to a client that stalls', async (t) => {
  const store = https.createServer(trustedCertificate(t, 'localhost'), (_, response) => {
    response.writeHead(200, whole).end(LARGE)
  })
  const { port } = new URL(await listen(t, store))
  const openContent = openAt(`https://localhost:${port}`)
  const { url } = await sender(t, async () => await openContent('a', LARGE.length))
  for (const patience of [0, 2 * SILENCE_MS]) t.ok((await download(url, patience)).equals(LARGE))
})

await t.test('a range is asked for as such', async (t) => {
  const { openContent, requests } = await serve(t, (response) => {
    response.writeHead(206, { ...head, 'content-length': 300_000 }).end(LARGE.subarray(5, 300_005))
  })
  const { url } = await sender(t, async () => await openContent('a', LARGE.length, { start: 5, end: 300_004 }), 300_000)
  t.ok((await download(url)).equals(LARGE.subarray(5, 300_005)))
  t.equal(requests[0]!.headers.range, 'bytes=5-300004')
})

await t.test('an answer that is not the plain one is asked for again, and understood', async (t) => {
  for (
    const [what, answer] of Object.entries<Answer>({
      chunked: (response) => response.writeHead(200, head).end(LARGE),
      'HTTP/1.0': (response) => response.socket!.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\netag: "e"\r\n\r\n'), LARGE])),
      'a long head': (response) => response.writeHead(200, { ...whole, 'x-long': 'x'.repeat(16_000) }).end(LARGE)
    })
  ) {
    const { url } = await serve(t, answer)
    t.ok((await download(url)).equals(LARGE), what)
  }
  const { openContent } = await serve(t, (response) => response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>'))
  t.equal(await openContent('a', LARGE.length), undefined)
  for (const answer of [
    (response) => response.writeHead(500).end(),
    (response) => response.writeHead(200, { 'content-length': LARGE.length }).end(LARGE),
    (response) => response.socket!.end('no HTTP'),
    (response) => response.socket!.destroy(),
    () => {}
  ] as Answer[]) {
    const { openContent, connections } = await serve(t, answer, SILENCE_MS)
    t.ok(isProblem(await openContent('a', LARGE.length).catch((error: unknown) => error), 'store-unavailable'))
    await poll('the connections are closed', () => connections() === 0)
  }
  t.ok(isProblem(await openAt(await closedUrl())('a', 2 ** 30).catch((error: unknown) => error), 'store-unavailable'))
})

await t.test('a store that stalls or breaks off in the middle ends the answer, and its connection', async (t) => {
  for (
    const [message, answer] of [
      [`the object store sent nothing for ${SILENCE_MS} ms`, (response) => response.writeHead(200, whole).write('half')],
      [`the object store sent nothing for ${SILENCE_MS} ms`, (response) =>
        response.writeHead(200, whole).write(LARGE.subarray(0, LARGE.length / 2))],
      [/.*/, (response) => response.writeHead(200, whole).write(LARGE.subarray(1), () => response.destroy())],
      // Node itself sends no more than it has announced.
      ['the object store sent more bytes than it announced', (response) => {
        response.writeHead(200, whole)
        response.write(LARGE.subarray(1))
        response.socket!.write('ab')
      }]
    ] as [string | RegExp, Answer][]
  ) {
    const { url, failures, connections } = await serve(t, answer, SILENCE_MS)
    await t.rejects(download(url), { code: 'ECONNRESET' })
    t.match(failures, [{ message }])
    await poll('the connection is closed', () => connections() === 0)
  }
})

await t.test('a client that stalls gets every byte, and a store that stalls after it is noticed', async (t) => {
  let stalls = false
  const { url } = await serve(t, (response) => {
    if (stalls) response.writeHead(200, whole).write(LARGE.subarray(0, LARGE.length / 2))
    else response.writeHead(200, whole).end(LARGE)
  }, SILENCE_MS)
  t.ok((await download(url, 4 * SILENCE_MS)).equals(LARGE))
  stalls = true
  await t.rejects(download(url, 4 * SILENCE_MS), { code: 'ECONNRESET' })
})

await t.test('a slow store is not silent', async (t) => {
  const { openContent } = await serve(t, async (response) => {
    response.writeHead(200, { ...head, 'content-length': 300_000 }).flushHeaders()
    for (let at = 0; at < 300_000; at += 50_000) {
      response.write(LARGE.subarray(at, at + 50_000))
      await pause(SILENCE_MS / 2)
    }
  })
  const { url } = await sender(t, async () => await openContent('a', 300_000), 300_000)
  t.ok((await download(url)).equals(LARGE.subarray(0, 300_000)))
})

await t.test('a client that gives up frees the connection, and so does an answer that is not used', async (t) => {
  const { url, openContent, failures, connections } = await serve(t, (response) => {
    response.writeHead(200, whole).end(LARGE)
  })
  const [response] = await once(http.get(url), 'response') as [http.IncomingMessage]
  response.destroy()
  await poll('the connection is closed', () => connections() === 0)
  t.equal(failures.length, 1)
  const content = await openContent('a', LARGE.length)
  t.equal(connections(), 1)
  content!.close()
  await poll('the connection is closed', () => connections() === 0)
})

await t.test('small objects share the connections of all other requests', async (t) => {
  const { openContent, requests, connections } = await serve(t, (response) => response.writeHead(200, head).end('small'))
  const { url } = await sender(t, async () => await openContent('a', 5), 5)
  for (let i = 0; i < 3; i++) t.equal(String(await download(url)), 'small')
  t.equal(requests.length, 3)
  t.equal(connections(), 1)
})
