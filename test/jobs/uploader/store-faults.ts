import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { byName } from '../../../shared/results/result-entry.ts'
import { contentOf } from '../../support/content-of.ts'
import { resultFolder } from '../../support/result-folder.ts'
import { runUploader } from '../../support/run-uploader.ts'
import { type Fault, storeProxy } from '../../support/store-proxy.ts'
import { uploadServer } from '../../support/upload-server.ts'

/** Kept in memory between hashing and sending. */
const small = Buffer.from('a small result')
/** More than the buffers of a connection hold: an answer can come while it is still being sent. */
const large = randomBytes(12 * 2 ** 20)

/** Makes the uploader wait for moments only before it tries again. */
const before = `
const timers = require('node:timers/promises')
const { setTimeout: sleep } = timers
timers.setTimeout = (ms, ...more) => sleep(Math.min(ms, 50), ...more)`

/** The content whose PUT a request is, or `undefined`. */
function contentIn ({ method, path }: { method: string, path: string }): string | undefined {
  return method === 'PUT' ? /\/results\/[^?]*\/([0-9a-f]{64})\?/.exec(path)?.[1] : undefined
}

const faults: Record<string, Fault> = {
  'closes the connection at the headers': ({ socket }) => socket.destroy(),
  'resets the connection at the headers': ({ socket }) => socket.resetAndDestroy(),
  'resets the connection within the body': async (request) => {
    await once(request, 'data')
    request.socket.resetAndDestroy()
  },
  'closes the connection after the body': async (request) => {
    await buffer(request)
    request.socket.end()
  },
  'resets the connection after the body': async (request) => {
    await buffer(request)
    request.socket.resetAndDestroy()
  },
  'stores the file and closes the connection without an answer': async ({ socket }, _, pass) => {
    await pass()
    socket.end()
  },
  'closes the connection within the headers of the answer': async ({ socket }, _, pass) => {
    await pass()
    socket.end('HTTP/1.1 200 OK\r\nContent-Le')
  },
  'closes the connection within the body of the answer': async ({ socket }, _, pass) => {
    await pass()
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
  },
  'resets the connection within the body of a refusal': async (request) => {
    await buffer(request)
    request.socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n<Error>', () => request.socket.resetAndDestroy())
  },
  'answers something that is not HTTP': async (request) => {
    await buffer(request)
    request.socket.end('SSH-2.0-OpenSSH_9.6\r\n')
  },
  'refuses before the body is sent, and closes the connection': (_, response) => {
    response.writeHead(503, { connection: 'close' }).end('<Error><Code>SlowDown</Code></Error>')
  },
  'refuses before the body is sent, and reads no more of it': (_, response) => {
    response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
  },
  'refuses once with 403': async (request, response) => {
    await buffer(request)
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
  },
  'says that it got other bytes': async (request, response) => {
    await buffer(request)
    response.writeHead(400).end('<Error><Code>BadDigest</Code></Error>')
  }
}

for (const [what, fault] of Object.entries(faults)) {
  await t.test(`a store that ${what} gets the file again`, async (t) => {
    const proxy = await storeProxy(t)
    const server = await uploadServer(t, { proxy })
    const met = new Set<string>()
    proxy.fault = (request) => {
      const content = contentIn(request)
      if (content === undefined || met.has(content)) return undefined
      met.add(content)
      return fault
    }
    const uploader = await runUploader(t, { ...server, before, folder: resultFolder(t, { large, small }) })
    t.equal(await uploader.end(), 0)
    t.match(uploader.output(), 'all is up')
    t.ok((await server.published())['large']!.equals(large))
    t.ok((await server.published())['small']!.equals(small))
    t.match(await server.manifest(), { files: 2, complete: true, left_out: [] })
    const puts = Map.groupBy(proxy.seen.map(contentIn), (content) => content)
    t.equal(puts.get(contentOf(small).sha256)?.length, 2, 'once more, not more often')
    // Before a large file is sent again, the store is asked for it.
    t.ok(puts.get(contentOf(large).sha256)!.length <= 2)
  })
}

await t.test('while the store or a grant is of no use, the uploader asks for a new one', async (t) => {
  const spoiled = [
    (url: string) => url.replace(/:\d+\//, ':1/'),
    (url: string) => url.replace('X-Amz-Expires=300', 'X-Amz-Expires=299')
  ]
  const server = await uploadServer(t, {
    spoil: (grant) => ({ ...grant, url: spoiled.shift()?.(grant.url) ?? grant.url })
  })
  const uploader = await runUploader(t, { ...server, before, folder: resultFolder(t, { a: 'a' }) })
  t.equal(await uploader.end(), 0)
  t.same(await server.published(), { a: Buffer.from('a') })
  t.match(uploader.output(), 'the store: connect ECONNREFUSED')
  t.match(uploader.output(), 'the store answers 403')
})

await t.test('many faults in a row cost no file', async (t) => {
  const proxy = await storeProxy(t)
  const server = await uploadServer(t, { proxy })
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`f${at}`, `content ${at}`]))
  const kinds = Object.values(faults)
  let puts = 0
  // Every second PUT fails, each time in another way.
  proxy.fault = (request) => {
    if (contentIn(request) === undefined || puts++ % 2 === 0) return undefined
    return kinds[(puts >> 1) % kinds.length]
  }
  const uploader = await runUploader(t, { ...server, before, folder: resultFolder(t, files) })
  t.equal(await uploader.end(), 0)
  const published = await server.published()
  t.same(Object.fromEntries(Object.entries(published).map(([name, body]) => [name, body.toString()])), files)
})

await t.test('a refusal that does not pass names the file, and the others come up', async (t) => {
  const proxy = await storeProxy(t)
  const server = await uploadServer(t, { proxy })
  const refused = contentOf(Buffer.from('refused')).sha256
  proxy.fault = (request) => contentIn(request) === refused ? faults['refuses once with 403'] : undefined
  const uploader = await runUploader(t, {
    ...server,
    before,
    folder: resultFolder(t, { a: 'a', 'not/taken': 'refused', 'the same': 'refused', z: 'z' })
  })
  t.equal(await uploader.end(), 1)
  t.notMatch(uploader.output(), ': all is up')
  t.same(await server.published(), { a: Buffer.from('a'), z: Buffer.from('z') })
  const reason = 'the store answers 403 AccessDenied'
  t.match(await server.manifest(), { files: 2, complete: false, left_out_count: 2 })
  t.same((await server.manifest())!.left_out.sort(byName), [{ name: 'not/taken', reason }, { name: 'the same', reason }])
  t.ok(proxy.seen.filter((request) => contentIn(request) === refused).length <= 20, 'and it is not asked for ever')
})

await t.test('a file that was refused while the workload ran is tried again at the end', async (t) => {
  const proxy = await storeProxy(t)
  const server = await uploadServer(t, { proxy })
  proxy.fault = (request) => contentIn(request) === undefined ? undefined : faults['refuses once with 403']
  const uploader = await runUploader(t, { ...server, before, folder: resultFolder(t, { a: 'a' }) })
  await uploader.said('refused, the store answers 403 AccessDenied: "a"')
  proxy.fault = () => undefined
  t.equal(await uploader.end(), 0)
  t.match(await server.manifest(), { files: 1, complete: true, left_out: [] })
})
