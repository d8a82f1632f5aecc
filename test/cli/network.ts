import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { watchJob } from '../../cli/job/watch-job.ts'
import type { Session } from '../../cli/session.ts'
import { answerJson, answerProblem, jobApi, viewOf } from '../support/job-api.ts'
import { poll } from '../support/poll.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'

const id = 'fe5dfa65-8d04-8041-ad00-881625d25b4f'

/** A session whose clock goes on only when the command sleeps. */
function sessionWith (
  fetch: (now: number) => Promise<Response>
): { session: Session, notes: string[], now: () => number } {
  let now = 0
  const notes: string[] = []
  const session = {
    settings: { url: 'http://127.0.0.1:1' },
    now: () => now,
    sleep: async (ms: number) => { now += ms },
    interrupt: new AbortController().signal,
    fetch: async () => await fetch(now),
    note: async (line: string) => { notes.push(line) }
  } as unknown as Session
  return { session, notes, now: () => now }
}

const refused = (): never => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) })
}
const jobIn = (state: string, etag: string): Response => Response.json(viewOf({ id, state }), { headers: { etag } })

await t.test('C5: a wait goes on when the server was down for minutes, and gives up after ten', async (t) => {
  for (const minutes of [1, 9]) {
    let asked = 0
    const { session, notes, now } = sessionWith(async (now) => {
      if (++asked === 1) return jobIn('running', '"1"')
      return now < minutes * 60_000 ? refused() : jobIn('succeeded', '"2"')
    })
    t.match(await watchJob(session, id), { state: 'succeeded' })
    t.ok(now() < minutes * 60_000 + 11_000, 'it is noticed soon that the server is back')
    t.strictSame(notes, [
      'http://127.0.0.1:1 cannot be reached: nothing listens there; trying again for 600 s',
      'The server answers again.'
    ])
  }
  const { session, now } = sessionWith(async () => refused())
  await t.rejects(watchJob(session, id), { code: 1, message: /cannot be reached/ })
  t.ok(now() > 580_000)
})

await t.test('a server that does not wait is asked once a second at most', async (t) => {
  let asked = 0
  const { session, now } = sessionWith(async () => {
    asked++
    if (asked === 1) return jobIn('running', '"1"')
    return asked < 60 ? new Response(null, { status: 304 }) : jobIn('failed', '"2"')
  })
  await watchJob(session, id)
  t.ok(now() >= 58_000, `${now()} ms`)
})

await t.test('a wait survives a server that is stopped and started again', async (t) => {
  let state = 'running'
  const serve = async (port: number): Promise<Server> => {
    const server = createServer((request, response) => {
      if (request.headers['if-none-match'] !== undefined && state === 'running') return
      response.setHeader('content-type', 'application/json')
      response.setHeader('etag', `"${state}"`)
      response.end(JSON.stringify(viewOf({ id, state })))
    }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  const first = await serve(0)
  const { port } = first.address() as AddressInfo
  const { start } = gx4kiAt(t, `http://127.0.0.1:${port}`)
  const waiting = start(['wait', id])
  await poll('it waits', () => waiting.stderr().includes('running'))
  first.close()
  first.closeAllConnections()
  await poll('it says that the server is gone', () => waiting.stderr().includes('trying again'))
  state = 'succeeded'
  const second = await serve(port)
  t.teardown(() => {
    second.close()
    second.closeAllConnections()
  })
  t.match(await waiting.ended, { code: 0, stderr: /The server answers again\.\n✓ succeeded/ })
})

await t.test('C15: a job whose answer was lost is asked for with the same key', async (t) => {
  const kinds = ['cut', '502', '503', '429']
  const api = await jobApi(t)
  api.instead = ({ method }, response) => {
    const kind = method === 'POST' ? kinds.shift() : undefined
    if (kind === undefined) return false
    if (kind === 'cut') response.destroy()
    if (kind === '502') response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway')
    if (kind === '503') answerProblem(response, 503, 'store-unavailable', { 'retry-after': '0' })
    if (kind === '429') answerProblem(response, 429, 'too-many-requests', { 'retry-after': '0' })
    return true
  }
  const { run } = gx4kiAt(t, api.url)
  t.match(await run(['run', 'drive']), { code: 0, stdout: `${api.id}\n` })
  const keys = api.received.map(({ headers }) => headers['idempotency-key'])
  t.equal(keys.length, 5)
  t.equal(new Set(keys).size, 1)
  t.match(keys[0], /^"[0-9a-f-]{36}"$/)

  await run(['run', 'drive'])
  t.not(api.received.at(-1)!.headers['idempotency-key'], keys[0], 'another call is another job')
  await run(['run', 'drive', '--idempotency-key', 'build "7"'])
  t.equal(api.received.at(-1)!.headers['idempotency-key'], '"build \\"7\\""')
})

await t.test('Ctrl-C while a job is requested does not lose its id', async (t) => {
  const api = await jobApi(t)
  let answer = (): void => {}
  api.instead = ({ method }, response) => {
    if (method !== 'POST') return false
    answer = () => response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ job_uuid: api.id }))
    return true
  }
  const { start } = gx4kiAt(t, api.url)
  for (const more of [[], ['--wait'], ['--wait', '--cancel-on-interrupt']]) {
    api.received.length = 0
    const running = start(['run', 'drive', ...more])
    await poll('the request has arrived', () => api.received.length === 1)
    running.child.kill('SIGINT')
    await poll('it has noticed', () => running.stderr().includes('Ctrl-C again'))
    answer()
    t.match(await running.ended, { code: 130, stdout: `${api.id}\n` })
    t.strictSame(api.received.map(({ method }) => method), more.length === 2 ? ['POST', 'DELETE'] : ['POST'])
  }
})

await t.test('what would fail again is not repeated', async (t) => {
  const api = await jobApi(t)
  const { run } = gx4kiAt(t, api.url)
  for (const [status, kind, code] of [[429, 'too-many-jobs', 1], [422, 'rejected-by-kubernetes', 2], [500, 'internal', 1], [403, 'forbidden', 4]] as const) {
    api.received.length = 0
    api.instead = (_, response) => {
      answerProblem(response, status, kind, { 'retry-after': '0' })
      return true
    }
    t.match(await run(['run', 'drive']), { code, stdout: '', stderr: `detail of ${kind}` })
    t.equal(api.received.length, 1, kind)
  }
  const gone = await run(['list', '--url', 'http://127.0.0.1:1'])
  t.match(gone, { code: 1, stdout: '', stderr: /^gx4ki: http:\/\/127\.0\.0\.1:1 cannot be reached: / })
})

await t.test('another server than gx4ki-jobs is recognized', async (t) => {
  const api = await jobApi(t)
  api.instead = (_, response) => {
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found')
    return true
  }
  const { run } = gx4kiAt(t, api.url)
  t.match(await run(['list']), { code: 1, stdout: '', stderr: /answered with status 404\n.*is this the address of gx4ki-jobs/ })
  api.instead = (_, response) => {
    response.writeHead(200).end('<h1>Welcome')
    return true
  }
  t.match(await run(['list']), { code: 1, stdout: '', stderr: /something else than JSON/ })
  const { id } = api
  for (const document of [{}, null, 'x', { job_uuid: '\u001b[2J' }]) {
    api.instead = (_, response) => {
      answerJson(response, 200, document)
      return true
    }
    for (const words of [
      ['run', 'drive'], ['status', id], ['wait', id], ['list'], ['files', id], ['templates'], ['callbacks', id],
      ['callbacks', id, '--redeliver', 'x'], ['download', id], ['cancel', id], ['keep', id, '--for', '9d'], ['rerun', id]
    ]) {
      t.match(await run(words), { code: 1, stdout: '', stderr: /^gx4ki: .* something else than .*\n {2}is this the address/ }, words.join(' '))
    }
  }
})

await t.test('an answer that breaks off, or stays away in its middle, is asked for again', async (t) => {
  const api = await jobApi(t)
  const { run } = gx4kiAt(t, api.url)
  for (const words of [['status', api.id], ['wait', api.id], ['files', api.id], ['list']]) {
    let cuts = 0
    api.instead = ({ url }, response) => {
      if (cuts++ > 0) {
        if (!url.startsWith('/job?')) return false
        answerJson(response, 200, { jobs: [], next_cursor: null })
        return true
      }
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 900 }).write('{"job_uuid":')
      setTimeout(() => response.destroy(), 20)
      return true
    }
    t.match(await run(words), { code: 0 }, words[0]!)
    t.ok(cuts >= 2)
  }
})
