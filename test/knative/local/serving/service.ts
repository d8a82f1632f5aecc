import { join } from 'node:path'
import t, { type Test } from 'tap'
import { freePorts } from '../../../../knative/local/free-ports.ts'
import { named, runService } from '../../../../knative/local/serving/service.ts'
import { poll } from '../../../support/poll.ts'

/** Runs a script as a Service for one test. */
async function serviceOf (t: Test, script: string, { timeoutSeconds = 5, command = 'node' } = {}) {
  const folder = t.testdir({ 'service.cjs': script })
  const [port] = await freePorts(1)
  const lines: string[] = []
  const service = runService({
    metadata: { name: 'echo', namespace: 'here' },
    spec: {
      template: {
        spec: {
          timeoutSeconds,
          containers: [{
            command: [command, join(folder, 'service.cjs'), 'an argument'],
            envFrom: [],
            env: [],
            readinessProbe: { httpGet: { path: '/health/readiness' } }
          }]
        }
      }
    }
  }, { environment: { PORT: String(port), GREETING: 'hello' }, cwd: folder, log: (line) => lines.push(line) })
  t.teardown(() => service.stop())
  return { service, lines }
}

const server = (answer: string, more = '') => `
  const server = require('node:http').createServer((request, response) => { ${answer} })
  server.listen(process.env.PORT, '127.0.0.1')
  ${more}`

const isGone = (pid: number | undefined) => {
  try {
    process.kill(pid!, 0)
    return false
  } catch {
    return true
  }
}

await t.test('a service gets its own environment, and only PATH and HOME of the host', async (t) => {
  process.env.OF_THE_HOST = 'secret'
  const { service } = await serviceOf(
    t,
    server('response.end(JSON.stringify({ env: process.env, args: process.argv.slice(2), version: process.version }))')
  )
  await service.ready()
  const { env, args, version } = await (await fetch(service.url)).json() as {
    env: Record<string, string>
    args: string[]
    version: string
  }
  // tap adds variables to every process that a test starts.
  t.strictSame(Object.keys(env).filter((key) => !key.startsWith('_TAPJS') && key !== 'NODE_OPTIONS').sort(), [
    'GREETING',
    'HOME',
    'PATH',
    'PORT'
  ])
  t.strictSame(args, ['an argument'])
  t.equal(version, process.version, 'node is the Node of the host')
})

await t.test('it is ready when its probe succeeds, not when it listens', async (t) => {
  const { service } = await serviceOf(
    t,
    server(
      'response.writeHead(request.url !== "/health/readiness" || ++asked > 3 ? 200 : 503).end(String(asked))',
      'let asked = 0'
    )
  )
  await service.ready()
  t.equal(await (await fetch(service.url)).text(), '4')
})

await t.test('after a crash another process starts at the same address', async (t) => {
  const { service, lines } = await serviceOf(t, server('if (request.url === "/crash") process.exit(3); response.end()'))
  await service.ready()
  const first = service.pid()
  await t.rejects(fetch(`${service.url}/crash`))
  await poll('the end is logged', () => lines.some((line) => /ended with 3/.test(line)))
  await service.ready()
  const second = service.pid()
  t.ok(second !== undefined && second !== first)
  await service.kill('SIGKILL')
  t.ok(isGone(second), 'the process is gone when the promise resolves')
  await service.ready()
  t.equal((await fetch(service.url)).status, 200)
})

await t.test('a process that ends before it was ready is reported with its last log lines', async (t) => {
  const { service } = await serviceOf(t, 'console.error("BUCKET is missing"); process.exit(1)')
  await t.rejects(service.ready(), { message: /^echo ended before it was ready:\nBUCKET is missing$/ })
  const absent = await serviceOf(t, '', { command: 'no-such-program' })
  await t.rejects(absent.service.ready(), {
    message: /^echo ended before it was ready:\nspawn no-such-program ENOENT$/
  })
})

await t.test('a stop lets the open requests finish', async (t) => {
  const { service, lines } = await serviceOf(
    t,
    server(
      'setTimeout(() => response.end("finished"), request.url === "/slow" ? 300 : 0)',
      `
    server.on('request', ({ url }) => url === '/slow' && console.log('begun'))
    process.on('SIGTERM', () => server.close())`
    )
  )
  await service.ready()
  const answer = fetch(`${service.url}/slow`, { headers: { connection: 'close' } }).then((response) => response.text())
  await poll('the request is in flight', () => lines.some((line) => line.includes('begun')))
  const pid = service.pid()
  await service.stop()
  t.equal(await answer, 'finished')
  t.ok(isGone(pid))
  t.equal(service.pid(), undefined, 'no other process starts')
})

await t.test('a process that ignores SIGTERM is killed', async (t) => {
  const { service } = await serviceOf(t, server('response.end()', 'process.on("SIGTERM", () => {})'), {
    timeoutSeconds: 1
  })
  await service.ready()
  const pid = service.pid()
  await service.stop()
  t.ok(isGone(pid))
})

await t.test('log lines have the name of their service', async (t) => {
  const { service, lines } = await serviceOf(
    t,
    server('response.end()', 'console.log(JSON.stringify({ level: "info" })); console.error("plain")')
  )
  await service.ready()
  await poll('both lines', () => lines.length === 2)
  t.strictSame(lines.map((line) => JSON.parse(line)).sort((a) => 'level' in a ? -1 : 1), [{
    service: 'echo',
    level: 'info'
  }, { service: 'echo', msg: 'plain' }])
  t.strictSame(JSON.parse(named('a', '{}')), { service: 'a', msg: '{}' })
})
