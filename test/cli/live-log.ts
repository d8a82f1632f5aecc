import type { ServerResponse } from 'node:http'
import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { liveLog } from '../../cli/job/live-log.ts'
import type { Session } from '../../cli/session.ts'
import { answerProblem, jobApi } from '../support/job-api.ts'
import { poll } from '../support/poll.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'

const event = (id: string, type: string, data: object): string =>
  `event: ${type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
const lines = (id: string, ...lines: string[]): string => event(id, 'log', { attempt: 'a', lines })

function beginEvents (response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
}

await t.test('a log that is followed goes on after its last event, however a stream ends', async (t) => {
  const api = await jobApi(t)
  const streams: ((response: ServerResponse) => void)[] = [
    (response) => response.end('retry: 2000\n\n' + lines('1', 'one', '') + ': ping\n\n'),
    (response) => {
      response.write(lines('2', 'two') + 'event: log\nid: 3\ndata: {"att')
      setTimeout(() => response.destroy(), 50)
    },
    (response) => answerProblem(response, 503, 'store-unavailable', { 'retry-after': '0' }),
    (response) => response.end(lines('3', 'three') + event('4', 'log', { attempt: 'b', lines: ['four'], skipped: 7 })),
    (response) => response.end(event('5', 'end', { state: 'succeeded' }))
  ]
  const asked: (string | undefined)[] = []
  api.instead = ({ url, headers }, response) => {
    if (!url.startsWith(`/job/${api.id}/events`)) return false
    t.equal(url, `/job/${api.id}/events?log=1&tail=9`)
    asked.push(headers['last-event-id'] as string | undefined)
    const next = streams.shift()!
    if (streams.length !== 2) beginEvents(response)
    next(response)
    return true
  }
  const { run } = gx4kiAt(t, api.url)
  t.strictSame(await run(['logs', '-f', '--tail', '9', api.id]), {
    code: 0,
    signal: null,
    stdout: 'one\n\ntwo\nthree\nfour\n',
    stderr: [
      'detail of store-unavailable; trying again for 600 s',
      'The server answers again.',
      'The lines of another pod follow.',
      'At least 7 lines are left out here.\n'
    ].join('\n')
  })
  t.strictSame(asked, [undefined, '1', '2', '2', '4'])
})

await t.test('a line that comes in parts is one line, and a log that ends without a line feed has none', async (t) => {
  const api = await jobApi(t)
  const part = (id: string, lines: string[], more: object = {}): string =>
    event(id, 'log', { attempt: 'a', lines, open: true, ...more })
  const streams = [
    part('1', ['first', 'lo']) + part('2', ['n']),
    lines('3', 'g', 'next') + part('4', ['cut off']) + part('5', ['after a gap'], { skipped: 3 }),
    part('6', ['of another pod'], { attempt: 'b' }) + event('7', 'end', { state: 'succeeded' })
  ]
  api.instead = (_request, response) => {
    beginEvents(response).end(streams.shift())
    return true
  }
  const { run } = gx4kiAt(t, api.url)
  const { code, stdout } = await run(['logs', '-f', api.id])
  t.strictSame([code, stdout], [0, 'first\nlong\nnext\ncut off\nafter a gap\nof another pod'])
})

await t.test('a job that is gone, or that wrote nothing and has no log, is told', async (t) => {
  const api = await jobApi(t)
  const { run } = gx4kiAt(t, api.url)
  api.instead = (_request, response) => {
    answerProblem(response, 404, 'unknown-job')
    return true
  }
  t.match(await run(['logs', '-f', api.id]), { code: 3, stdout: '', stderr: /unknown-job/ })
  api.instead = ({ url }, response) => {
    if (url.includes('/events')) beginEvents(response).end(event('e', 'end', { state: 'failed' }))
    else answerProblem(response, 404, 'no-log')
    return true
  }
  t.match(await run(['logs', '-f', api.id]), { code: 3, stdout: '', stderr: /no-log/ })
})

await t.test('a server that answers with something else than events is told, and not asked again and again', async (t) => {
  const api = await jobApi(t)
  api.instead = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in')
    return true
  }
  const { run } = gx4kiAt(t, api.url)
  t.match(await run(['logs', '-f', api.id]), { code: 1, stdout: '', stderr: /something else than events\n.*address of gx4ki-jobs/ })
  t.equal(api.received.length, 1)
})

await t.test('a stream on which nothing comes any more is given up, and the next one goes on', async (t) => {
  const asked: (string | null)[] = []
  const streams = [lines('1', 'one'), lines('2', 'two') + event('3', 'end', { state: 'succeeded' })]
  const session = {
    settings: { url: 'http://127.0.0.1:1' },
    now: () => 0,
    sleep: async () => {},
    interrupt: new AbortController().signal,
    note: async () => {},
    fetch: async (_url: unknown, init: RequestInit) => {
      asked.push(new Headers(init.headers).get('last-event-id'))
      const text = streams.shift()!
      // It never ends by itself.
      const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(text)) })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }
  } as unknown as Session
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let printed = ''
  const reading = (async () => {
    for await (const bytes of liveLog(session, 'id', undefined)) printed += String(bytes)
  })()
  await poll('the first line is there', async () => {
    await setImmediate()
    return printed === 'one\n'
  })
  mock.timers.tick(44_000)
  await setImmediate()
  t.equal(asked.length, 1)
  mock.timers.tick(2000)
  await reading
  t.strictSame([printed, asked], ['one\ntwo\n', [null, '1']])
})

await t.test('C9: logs -f | head -1 ends quietly, while the job goes on', async (t) => {
  const api = await jobApi(t)
  const open: ServerResponse[] = []
  api.instead = (_request, response) => {
    beginEvents(response).write(lines('1', 'one'))
    open.push(response)
    return true
  }
  const { start } = gx4kiAt(t, api.url)
  const running = start(['logs', '-f', api.id])
  await poll('the line is printed', () => running.stdout() === 'one\n')
  running.child.stdout!.destroy()
  open[0]!.write(lines('2', 'two'))
  t.match(await running.ended, { code: 0, stderr: '' })
})
