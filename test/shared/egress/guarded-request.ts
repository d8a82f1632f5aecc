import { once } from 'node:events'
import http, { type IncomingHttpHeaders } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type tls from 'node:tls'
import t, { type Test } from 'tap'
import { type EgressRules, egressRules } from '../../../shared/egress/egress-rules.ts'
import { failureOf } from '../../../shared/egress/failure.ts'
import type { Wire } from '../../../shared/egress/connect-to.ts'
import type { OutgoingRequest } from '../../../shared/egress/exchange.ts'
import { guardedRequest } from '../../../shared/egress/guarded-request.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { httpServer } from '../../support/http-server.ts'
import { poll } from '../../support/poll.ts'
import { trustedCertificate } from '../../support/trusted-certificate.ts'

const strict = egressRules({ EGRESS_ALLOWED_ORIGINS: '', EGRESS_DENIED_RANGES: '' })
const allowing = (...origins: string[]): EgressRules => ({ ...strict, allowed: new Set(origins) })

const PUBLIC = ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946']

/**
 * A name server whose answers change from one question to the next, and a network in which every connection goes to a
 * port of this machine.
 */
function fakeWire (
  answers: string[][],
  { port = 9, seen }: { port?: number, seen?: string } = {}
) {
  const asked: string[] = []
  const connected: [string, number][] = []
  const wire: Wire = {
    lookup: async (name) => {
      asked.push(name)
      return answers[Math.min(asked.length, answers.length) - 1]!
    },
    connect: (address, to) => {
      connected.push([address, to])
      const socket = net.connect({ host: '127.0.0.1', port })
      Object.defineProperty(socket, 'remoteAddress', { get: () => seen ?? address })
      return socket
    }
  }
  return { asked, connected, wire }
}

async function failure (
  request: Partial<OutgoingRequest> & { url: string },
  rules = strict,
  wire?: Wire
): Promise<string | undefined> {
  try {
    const { status } = await guardedRequest({ method: 'POST', ...request }, rules, wire)
    return `answered ${status}`
  } catch (error) {
    return failureOf(error) ?? String(error)
  }
}

/** A server that sends any bytes that the test wants. */
async function rawServer (t: Test, talk: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    talk(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server with a certificate for `receiver.example.org` that this process trusts. */
async function tlsServer (
  t: Test
): Promise<{ port: number, received: { headers: IncomingHttpHeaders, servername: unknown }[] }> {
  const received: { headers: IncomingHttpHeaders, servername: unknown }[] = []
  const server = https.createServer(trustedCertificate(t, 'receiver.example.org'), (request, response) => {
    received.push({ headers: request.headers, servername: (request.socket as tls.TLSSocket).servername })
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, received }
}

await t.test('resolves a name once, without search domains, and connects to the checked address', async (t) => {
  const { port, received } = await tlsServer(t)
  const { wire, asked, connected } = fakeWire([[PUBLIC[0]!], ['10.0.0.1']], { port })
  const { status } = await guardedRequest({ method: 'POST', url: 'https://receiver.example.org/' }, strict, wire)
  t.equal(status, 200)
  t.strictSame(asked, ['receiver.example.org.'])
  t.strictSame(connected, [[PUBLIC[0], 443]])
  t.match(received, [{
    servername: 'receiver.example.org',
    headers: { host: 'receiver.example.org', connection: 'close' }
  }])
  t.equal(
    await failure({ url: 'https://receiver.example.org/' }, strict, wire),
    'EgressDenied',
    'the next request resolves the name again'
  )
  t.equal(received.length, 1)
})

await t.test('a certificate for another name is a TlsError', async (t) => {
  const { port, received } = await tlsServer(t)
  for (const url of ['https://other.example.org/', `https://${PUBLIC[0]}/`, `https://[${PUBLIC[1]}]/`]) {
    t.equal(await failure({ url }, strict, fakeWire([[PUBLIC[0]!]], { port }).wire), 'TlsError', url)
  }
  t.strictSame(received, [])
})

await t.test('refuses a name if one of its addresses is not public', async (t) => {
  for (
    const inside of [
      '127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '::1',
      '::ffff:93.184.216.34',
      'fd00::1',
      '64:ff9b::5db8:d822'
    ]
  ) {
    for (const addresses of [[inside], [...PUBLIC, inside], [inside, ...PUBLIC]]) {
      const { wire, connected } = fakeWire([addresses])
      t.equal(await failure({ url: 'https://example.org/' }, strict, wire), 'EgressDenied', addresses.join(' '))
      t.strictSame(connected, [])
    }
  }
})

await t.test('sends nothing when the connection goes to another address than the checked one', async (t) => {
  const { url, received } = await httpServer(t)
  const { wire, connected } = fakeWire([PUBLIC], { port: Number(new URL(url).port), seen: '10.0.0.1' })
  t.equal(await failure({ url: 'https://example.org/' }, strict, wire), 'EgressDenied')
  t.equal(connected.length, 1, 'the next address is not tried')
  t.strictSame(received, [])
})

await t.test('tries the next address when one does not answer', async (t) => {
  const { port } = await tlsServer(t)
  const { wire, connected } = fakeWire([PUBLIC], { port })
  const first = wire.connect
  wire.connect = (address, to) => {
    const socket = first(address, to)
    if (address === PUBLIC[0]) socket.destroy(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }))
    return socket
  }
  t.equal((await guardedRequest({ method: 'GET', url: 'https://receiver.example.org:444/' }, strict, wire)).status, 200)
  t.strictSame(connected, [[PUBLIC[0], 444], [PUBLIC[1], 444]])
})

await t.test('an allowed origin may have a private address and no TLS', async (t) => {
  const { url, received } = await httpServer(
    t,
    (_, response) => response.writeHead(201, { 'content-type': 'text/plain' }).end('created')
  )
  const { origin, port } = new URL(url)
  const headers = { 'content-type': 'text/plain', authorization: 'a key' }
  t.match(await guardedRequest({ method: 'PUT', url: `${url}/a?b`, headers, body: 'grün' }, allowing(origin)), {
    status: 201,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from('created')
  })
  t.match(
    await guardedRequest({ method: 'POST', url, allowed: [origin], body: Readable.from(['str', 'eamed']) }, strict),
    { status: 201 }
  )
  t.match(received, [
    {
      method: 'PUT',
      url: '/a?b',
      headers: { ...headers, host: `127.0.0.1:${port}`, 'content-length': '5', connection: 'close' },
      body: Buffer.from('grün')
    },
    { method: 'POST', url: '/', body: Buffer.from('streamed') }
  ])
  const named = `http://connector.edc.svc:${port}`
  const { wire, asked } = fakeWire([['10.1.2.3']], { port: Number(port) })
  t.equal((await guardedRequest({ method: 'POST', url: named }, allowing(named), wire)).status, 201)
  t.strictSame(asked, ['connector.edc.svc'], 'an allowed name is resolved with the search domains of the cluster')
  t.equal(await failure({ url }, strict), 'EgressDenied')
})

await t.test('returns a redirect and does not follow it', async (t) => {
  const inside = await httpServer(t)
  for (const status of [301, 302, 303, 307, 308]) {
    const { url } = await httpServer(t, (_, response) => response.writeHead(status, { location: inside.url }).end())
    t.equal((await guardedRequest({ method: 'POST', url }, allowing(url, inside.url))).status, status)
  }
  t.strictSame(inside.received, [])
})

await t.test('a request without an answer has a reason code', async (t) => {
  const refused = await closedUrl()
  t.equal(await failure({ url: refused }, allowing(refused)), 'ConnectionRefused')
  t.equal(
    await failure({ url: 'https://example.org' }, strict, {
      ...fakeWire([]).wire,
      lookup: async () => {
        throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
      }
    }),
    'DnsError'
  )
  t.equal(await failure({ url: 'https://example.org' }, strict, fakeWire([[]]).wire), 'DnsError')
  const talks: [string, (socket: net.Socket) => void][] = [
    ['ConnectionReset', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['ConnectionReset', (socket) => socket.once('data', () => socket.end())],
    ['InvalidAnswer', (socket) => socket.write('220 smtp.example.org ESMTP\r\n')],
    ['InvalidAnswer', (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)]
  ]
  for (const [word, talk] of talks) {
    const url = await rawServer(t, talk)
    t.equal(await failure({ url, timeoutMs: 30_000 }, allowing(url)), word)
  }
  const plain = (await rawServer(t, (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'))).replace('http:', 'https:')
  t.equal(await failure({ url: plain }, allowing(plain)), 'TlsError')
})

await t.test('the time limit covers every step of a request', async (t) => {
  const silent = await rawServer(t, () => {})
  const trickling = await rawServer(t, (socket) => {
    const timer = setInterval(() => socket.write('x'), 20)
    socket.on('close', () => clearInterval(timer))
    socket.write('HTTP/1.1 200 OK\r\n')
    socket.write('x: ')
  })
  const upgrading = await rawServer(
    t,
    (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
  )
  const secure = silent.replace('http:', 'https:')
  for (const url of [silent, trickling, upgrading, secure]) {
    t.equal(await failure({ url, timeoutMs: 300 }, allowing(url)), 'Timeout')
  }
  t.equal(
    await failure({ url: 'https://example.org', timeoutMs: 300 }, strict, {
      ...fakeWire([]).wire,
      lookup: async () => await new Promise(() => {})
    }),
    'Timeout'
  )
})

await t.test('reads only the first bytes of a body that is too long or too slow', async (t) => {
  let sent = 0
  const endless = await rawServer(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const more = (): void => {
      sent += 65_536
      if (socket.writable) socket.write('x'.repeat(65_536), more)
    }
    more()
  })
  const { status, body } = await guardedRequest({ method: 'GET', url: endless }, allowing(endless))
  t.equal(status, 200)
  t.equal(body.length, 256 * 1024)
  t.ok(sent < 32 * 1024 * 1024, 'the server could not send much more')
  const slow = await rawServer(t, (socket) => socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nbegun'))
  t.match(await guardedRequest({ method: 'GET', url: slow, timeoutMs: 300 }, allowing(slow)), {
    status: 202,
    body: Buffer.from('begun')
  })
})

await t.test('closes a body that cannot be sent', async (t) => {
  const body = new Readable({ read () {} })
  t.equal(await failure({ url: 'https://10.0.0.1', body }), 'EgressDenied')
  t.ok(body.destroyed)
})

await t.test('an answer of 2xx counts only when the request was sent whole', async (t) => {
  const SIZE = 32 * 1024 * 1024
  const large = (bytes = SIZE): Readable =>
    Readable.from((function * () {
      for (let sent = 0; sent < bytes; sent += 65_536) yield Buffer.alloc(65_536)
    })())
  const early = (status: string) => `HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
  const ask = async (url: string, body: Readable | string) =>
    await failure({ url, body, headers: { 'content-length': String(SIZE) } }, allowing(url))

  const cutting = async (status: string) =>
    await rawServer(t, (socket) => socket.once('data', () => socket.end(early(status), () => socket.destroy())))
  for (const body of [large(), 'x'.repeat(SIZE)]) {
    t.match(await ask(await cutting('200 OK'), body), /^(RequestCut|ConnectionReset)$/, 'it has only a part')
  }
  t.equal(await ask(await cutting('413 Too Large'), large()), 'answered 413', 'it is refused, whatever was sent')

  let received = 0
  const patient = await rawServer(t, (socket) => {
    socket.once('data', () => socket.write(early('200 OK')))
    socket.on('data', (bytes) => {
      received += bytes.length
    })
  })
  t.equal(await ask(patient, large()), 'answered 200')
  await poll('it has all of it', () => received >= SIZE)
  t.equal(await ask(patient, large(SIZE / 2)), 'RequestCut', 'the body ends too early')
})

await t.test('a receiver that does not read a stream ends the attempt, and one that reads slowly does not', async (t) => {
  const sockets: net.Socket[] = []
  const silent = net.createServer((socket) => {
    socket.on('error', () => {})
    sockets.push(socket.pause())
  }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const url = `http://127.0.0.1:${(silent.address() as net.AddressInfo).port}`
  const chunk = Buffer.alloc(1024 * 1024)
  const push = async (to: string, chunks: number) =>
    await guardedRequest({
      method: 'POST',
      url: to,
      body: Readable.from((function * () {
        for (let sent = 0; sent < chunks; sent++) yield chunk
      })()),
      headers: { 'content-length': String(chunks * chunk.length) },
      // The limit of a push; the test itself has a shorter one.
      timeoutMs: 30 * 60_000,
      progressMs: 500,
      allowed: [to]
    }, { allowed: new Set(), denied: [] })
  t.equal(await push(url, 64).then(() => 'answered', failureOf), 'Timeout')

  const reader = http.createServer((request, response) => {
    // Some bytes in every pause.
    const pace = setInterval(() => request.read(), 100)
    request.on('end', () => {
      clearInterval(pace)
      // It has all, and thinks for longer than one pause.
      setTimeout(() => response.writeHead(204).end(), 1200)
    })
  }).listen(0, '127.0.0.1')
  await once(reader, 'listening')
  t.teardown(() => reader.close())
  const answer = await push(`http://127.0.0.1:${(reader.address() as net.AddressInfo).port}`, 1)
  t.equal(answer.status, 204)
})
