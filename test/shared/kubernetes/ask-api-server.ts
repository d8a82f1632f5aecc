import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { neverMade } from '../../../functions/deploy/start/never-made.ts'
import { type ApiServer, apiServerAt } from '../../../shared/kubernetes/api-server.ts'
import { askApiServer } from '../../../shared/kubernetes/ask-api-server.ts'
import { listen } from '../../support/listen.ts'

const patient = { connectMs: 60_000, answerMs: 60_000, silenceMs: 60_000 }

const impatient = (url: string, patience: Partial<ApiServer['patience']>): ApiServer => ({
  ...apiServerAt(url, {}, async () => ({ authorization: 'Bearer t' })),
  patience: { ...patient, ...patience }
})

async function server (t: Test, answer: http.RequestListener): Promise<string> {
  return await listen(t, http.createServer(answer))
}

await t.test('a connection that is not made in time has sent nothing', async (t) => {
  // Takes the connection, and never begins with TLS.
  const mute = net.createServer().listen(0, '127.0.0.1')
  const sockets: net.Socket[] = []
  mute.on('connection', (socket) => sockets.push(socket.on('error', () => {})))
  await once(mute, 'listening')
  t.teardown(() => {
    mute.close()
    for (const socket of sockets) socket.destroy()
  })
  const api = impatient(`https://127.0.0.1:${(mute.address() as AddressInfo).port}`, { connectMs: 50 })
  const error = await askApiServer({ api }, '/').catch((error) => error)
  t.match(error, { code: 'NotConnected' })
  t.ok(neverMade(error))
})

await t.test('an answer that does not begin, or does not go on, is an error', async (t) => {
  const url = await server(t, ({ url }, response) => {
    if (url === '/half') response.write('half of it')
  })
  const late = await askApiServer({ api: impatient(url, { answerMs: 50 }) }, '/none').catch((error) => error)
  t.match(late.message, 'no answer within 50 ms')
  t.notOk(neverMade(late))
  const half = await askApiServer({ api: impatient(url, { silenceMs: 50 }) }, '/half')
  await t.rejects(text(half), { message: 'nothing more within 50 ms' })
})

await t.test('a bounded number of connections, and logs do not keep other calls waiting', async (t) => {
  const sockets = new Set()
  let open = 0
  let most = 0
  const held: http.ServerResponse[] = []
  const url = await server(t, ({ url, socket }, response) => {
    sockets.add(socket)
    if (url === '/log') return held.push(response)
    most = Math.max(most, ++open)
    setImmediate(() => {
      open--
      response.end('x')
    })
  })
  const cluster = { api: impatient(url, {}) }
  const logs = Array.from({ length: 40 }, async () => await askApiServer(cluster, '/log', { isLog: true }))
  await Promise.all(Array.from({ length: 200 }, async () => await text(await askApiServer(cluster, '/'))))
  t.ok(most <= 32, `${most} at once`)
  t.equal(sockets.size - held.length, 32)
  for (const response of held) response.end()
  for (const response of await Promise.all(logs)) response.resume()
})

await t.test('logs share a connection, and a log that is silent for longer than an idle connection stays', async (t) => {
  const sockets = new Set()
  const url = await server(t, ({ socket }, response) => {
    sockets.add(socket)
    response.write('a')
    setTimeout(() => response.end('b'), sockets.size === 1 ? 0 : 4_500)
  })
  const cluster = { api: impatient(url, {}) }
  const read = async (): Promise<string> => await text(await askApiServer(cluster, '/log', { isLog: true }))
  for (let logs = 0; logs < 3; logs++) t.equal(await read(), 'ab')
  t.equal(sockets.size, 1)
  t.strictSame(await Promise.all([read(), read()]), ['ab', 'ab'])
  t.equal(sockets.size, 2)
})

await t.test('the path of the server stays before that of the API, as behind Rancher', async (t) => {
  const paths: unknown[] = []
  const url = await server(t, ({ url }, response) => {
    paths.push(url)
    response.end()
  })
  for (const prefix of ['/k8s/clusters/c', '/k8s/clusters/c/']) {
    await text(await askApiServer({ api: impatient(url + prefix, {}) }, '/api/v1?a=b'))
  }
  t.same(paths, ['/k8s/clusters/c/api/v1?a=b', '/k8s/clusters/c/api/v1?a=b'])
})
