import dgram from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { resolveName } from '../../../shared/egress/resolve-name.ts'

/** A name server. It answers with these addresses, `refuse`s a name with a code, or says nothing. */
async function nameServer (t: Test, addresses: Record<string, string | number>, isSilent = false) {
  const asked: string[] = []
  const server = dgram.createSocket('udp4')
  server.on('message', (question, { port, address }) => {
    const labels: string[] = []
    let at = 12
    for (; question[at]! > 0; at += question[at]! + 1) {
      labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!))
    }
    const isAddress4 = question.readUInt16BE(at + 1) === 1
    const name = labels.join('.').toLowerCase()
    if (isAddress4) asked.push(name)
    if (isSilent) return
    const found = addresses[name]
    const end = at + 5
    const answer = Buffer.concat([question.subarray(0, end), Buffer.alloc(0)])
    answer.writeUInt16BE(0x8180 | (typeof found === 'number' ? found : found === undefined ? 3 : 0), 2)
    answer.fill(0, 6, 12)
    if (typeof found !== 'string' || !isAddress4) return server.send(answer, port, address)
    answer.writeUInt16BE(1, 6)
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, ...found.split('.').map(Number)])
    server.send(Buffer.concat([answer, record]), port, address)
  }).bind(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const folder = t.testdir({
    hosts: '127.0.0.1 localhost\n10.1.2.3  Store.Internal store # the store\n::5 store\n',
    'resolv.conf': '# of a pod\nsearch gx4ki.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n'
  })
  return {
    asked,
    resolve: async (name: string) =>
      await resolveName(name, {
        hostsFile: join(folder, 'hosts'),
        resolvConf: join(folder, 'resolv.conf'),
        servers: [`127.0.0.1:${server.address().port}`]
      })
  }
}

await t.test('a name with a final dot is looked up as it is', async (t) => {
  const { resolve, asked } = await nameServer(t, { 'example.org': '192.0.2.1', 'example.org.cluster.local': '10.0.0.1' })
  t.same(await resolve('example.org.'), ['192.0.2.1'])
  await t.rejects(resolve('store.'), { code: 'ENOTFOUND' }, 'the hosts file has names of this machine')
  t.same(asked, ['example.org', 'store'])
})

await t.test('a short name gets the search list of a pod, in its order', async (t) => {
  const { resolve, asked } = await nameServer(t, {
    'broker.knative-eventing.svc.cluster.local': '10.0.0.2',
    'example.org': '192.0.2.1',
    // A server that has trouble with one name.
    'example.org.svc.cluster.local': 2
  })
  t.same(await resolve('broker.knative-eventing'), ['10.0.0.2'])
  t.same(asked.splice(0), [
    'broker.knative-eventing.gx4ki.svc.cluster.local',
    'broker.knative-eventing.svc.cluster.local'
  ])
  t.same(await resolve('example.org'), ['192.0.2.1'], 'the name itself comes last, because it has fewer dots than ndots')
  t.equal(asked.splice(0).at(-1), 'example.org')
  await t.rejects(resolve('a.b.c.d.e.f'), { code: 'ENOTFOUND' })
  t.same(asked, ['', '.gx4ki.svc.cluster.local', '.svc.cluster.local', '.cluster.local'].map((end) => `a.b.c.d.e.f${end}`))
})

await t.test('the hosts file and localhost need no server', async (t) => {
  const { resolve, asked } = await nameServer(t, {})
  t.same(await resolve('store'), ['10.1.2.3', '::5'])
  t.same(await resolve('STORE.internal'), ['10.1.2.3'])
  t.same(await resolve('localhost'), ['127.0.0.1'])
  t.same(await resolve('app.localhost'), ['127.0.0.1', '::1'])
  t.same(asked, [])
})

await t.test('name servers that do not answer take no thread that other work needs', async (t) => {
  const { resolve, asked } = await nameServer(t, {}, true)
  const ended: string[] = []
  const pending = Array.from({ length: 16 }, async (_, at) =>
    await resolve(`silent-${at}.example.org.`).then(
      () => ended.push('found'),
      ({ code }: NodeJS.ErrnoException) => ended.push(code!)
    ))
  // Files are read by the same four threads as `dns.lookup` waits in.
  for (let read = 0; read < 8; read++) await readFile(import.meta.filename)
  t.same(ended, [], 'the files are read while all names wait')
  await Promise.all(pending)
  t.strictSame(new Set(ended), new Set(['ETIMEOUT']))
  t.equal(new Set(asked).size, 16)
})
