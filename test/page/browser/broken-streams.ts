import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { browserFor, openTab } from '../../support/browser.ts'
import { ENDED, JOB, jobView, pageServer } from '../../support/page-server.ts'
import { poll } from '../../support/poll.ts'

const NO_FILES = { files: [], next_cursor: null, left_out: [], left_out_count: 0 }
const event = (type: string, data: object, id: string): string =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`

const browser = await browserFor(t)
if (browser !== undefined) {
  await t.test('a stream on which nothing comes any more is given up, and the next one goes on', async (t) => {
    const resumed: unknown[] = []
    const streams: ServerResponse[] = []
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async () => jobView())
      app.get('/job/:id/result/list', async () => NO_FILES)
      app.get('/job/:id/events', (request, reply) => {
        reply.hijack()
        resumed.push(request.headers['last-event-id'])
        streams.push(reply.raw)
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
        reply.raw.write(event('log', { attempt: 'a', lines: [`line ${streams.length}`] }, String(streams.length)))
      })
    })
    const { page, wrong } = await openTab(t, browser)
    await page.clock.install()
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('line 1').waitFor()
    await page.clock.fastForward(30_000)
    streams[0]!.write(': ping\n\n')
    // Until the ping is there, of which the page shows nothing.
    await sleep(1000)
    await page.clock.fastForward(30_000)
    t.strictSame(resumed, [undefined], 'a ping is enough')
    for (let n = 0; n < 4; n++) await page.clock.fastForward(15_000)
    await page.getByText('line 2').waitFor()
    t.strictSame(resumed, [undefined, '1'])
    await poll('the first one is closed', async () => streams[0]!.destroyed)
    t.strictSame(wrong, [])
  })

  await t.test('a line that comes in parts is one line, and one that was left in its middle is none', async (t) => {
    const log = (id: string, lines: string[], more: object = {}): string =>
      event('log', { attempt: 'a', lines, ...more }, id)
    const long = 'é'.repeat(32 * 1024)
    const parts = [
      [log('1', ['first', long], { open: true }), log('2', [long], { open: true })],
      [log('3', ['the end', 'second', 'cut'], { open: true })],
      [log('4', ['after a gap', 'cut'], { open: true, skipped: 7 }), log('5', ['other'], { attempt: 'b' })]
    ]
    let isOver = false
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async () => jobView(isOver ? ENDED : {}))
      app.get('/job/:id/result/list', async () => NO_FILES)
      app.get('/job/:id/events', (_request, reply) => {
        reply.hijack()
        const some = parts.shift()
        isOver = some === undefined
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
        reply.raw.end(some?.join('') ?? event('end', { state: 'succeeded' }, '6'))
      })
    })
    const { page, wrong } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('✓ succeeded').waitFor()
    t.strictSame((await page.getByRole('log').textContent())?.trimEnd().split('\n'), [
      'first',
      `${long}${long}the end`,
      'second',
      'cut',
      '… 7 lines are left out here: the log as a file has them …',
      'after a gap',
      'cut',
      '… here begins the next attempt …',
      'other'
    ])
    t.strictSame(wrong, [])
  })

  await t.test('a server that is away is found again, at the begin, in the middle and at the end', async (t) => {
    let isAway = true
    let isOver = false
    let log = 0
    const streams = new Set<ServerResponse>()
    const url = await pageServer(t, (app) => {
      app.addHook('onRequest', async ({ url }, reply) => {
        if (!isAway || !url.startsWith('/job')) return
        reply.hijack()
        reply.raw.destroy()
      })
      app.get('/job/:id', async () => jobView(isOver ? ENDED : {}))
      app.get('/job/:id/result/list', async () => NO_FILES)
      app.get('/job/:id/log', async (_request, reply) => {
        if (log++ === 0) return await reply.code(503).send({})
        return await reply.type('text/plain').send('kept\n')
      })
      app.get('/job/:id/events', (_request, reply) => {
        reply.hijack()
        streams.add(reply.raw)
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
        reply.raw.write(event('state', jobView(), '1'))
      })
    })
    const { page, wrong } = await openTab(t, browser)
    const show = async (state: string): Promise<unknown> => await page.evaluate(`
      Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))`)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('The server cannot be reached').waitFor()
    isAway = false
    await page.getByText('live', { exact: true }).waitFor()
    t.equal(await page.getByText('The server cannot be reached').count(), 0)

    await show('hidden')
    isAway = true
    await show('visible')
    await page.getByText('reconnecting').waitFor()
    isAway = false
    await page.getByText('live', { exact: true }).waitFor()

    isOver = isAway = true
    for (const stream of streams) stream.end(event('end', { state: 'succeeded' }, '2'))
    await page.getByText('reconnecting').waitFor()
    isAway = false
    await page.getByText('✓ succeeded').waitFor()
    await page.getByRole('log').getByText('kept').waitFor()
    t.strictSame(wrong, [])
  })

  await t.test('a refusal of a job has a way out that needs no reload', async (t) => {
    let status = 403
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async (_request, reply) => await reply.code(status).send(jobView(ENDED)))
      app.get('/job/:id/log', async () => 'x')
      app.get('/job/:id/result/list', async () => NO_FILES)
    })
    const { page } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('The server has answered 403').waitFor()
    await page.evaluate('window.isSame = true')
    status = 200
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('✓ succeeded').waitFor()
    t.equal(await page.evaluate('window.isSame'), true)
  })
}
