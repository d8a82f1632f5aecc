import type { FastifyReply } from 'fastify'
import type { Page } from 'playwright-core'
import t from 'tap'
import { browserFor, openTab } from '../../support/browser.ts'
import { ENDED, JOB, jobView, pageServer } from '../../support/page-server.ts'
import { poll } from '../../support/poll.ts'

const LINES = 10_000
const lineOf = (n: number): string => `tick ${n} ok`

/** Begins a stream of events, and returns how an event is sent. */
function begin ({ raw }: FastifyReply) {
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  return (type: string, data: object, id = ''): void => {
    raw.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
  }
}

const browser = await browserFor(t)
if (browser !== undefined) {
  await t.test('no line is lost or doubled, however often the stream is cut', async (t) => {
    let isOver = false
    const resumed: string[] = []
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async () => jobView(isOver ? ENDED : {}))
      app.get('/job/:id/result/list', async () => ({ files: [], next_cursor: null, left_out: [], left_out_count: 0 }))
      app.get('/job/:id/events', (request, reply) => {
        reply.hijack()
        const send = begin(reply)
        const from = String(request.headers['last-event-id'] ?? '')
        resumed.push(from)
        let at = Number(from)
        for (let events = 0; at < LINES && events < 17; events++) {
          const lines = Array.from({ length: Math.min(150, LINES - at) }, (_, i) => lineOf(at + i))
          at += lines.length
          send('log', { lines }, String(at))
        }
        if (at < LINES) {
          // Half of an event, and then nothing.
          return setTimeout(() => {
            reply.raw.write(`id: ${at + 1}\nevent: log\ndata: {"lines":["half`, () => reply.raw.destroy())
          }, 50)
        }
        isOver = true
        send('state', jobView(ENDED), String(at))
        send('end', { state: 'succeeded' }, String(at))
        reply.raw.end()
      })
    })
    const { page, wrong, requested } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('✓ succeeded').waitFor()
    await page.getByText('10,000 lines').waitFor()
    const text = await page.getByRole('log').textContent() ?? ''
    t.strictSame(text.trimEnd().split('\n'), Array.from({ length: LINES }, (_, n) => lineOf(n)))
    t.ok(resumed.length >= 4, `the stream was cut ${resumed.length - 1} times`)
    const places = resumed.map(Number)
    t.strictSame(places, places.toSorted((a, b) => a - b), 'each stream continued the one before')
    t.notOk(requested.some((path) => path.endsWith('/log')), 'what the streams have brought is not fetched again')
    t.strictSame(wrong, [])
  })

  await t.test('progress, state and gaps are shown while the job runs, and failing streams are tried again', async (t) => {
    let failures = 0
    const streams = new Set<FastifyReply>()
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async () => jobView())
      app.get('/job/:id/result/list', async () => ({ files: [], next_cursor: null, left_out: [], left_out_count: 0 }))
      app.get('/job/:id/events', (_request, reply) => {
        if (failures < 3) {
          failures++
          return reply.code(503).send({})
        }
        reply.hijack()
        streams.add(reply)
        reply.raw.on('close', () => streams.delete(reply))
        const send = begin(reply)
        send('progress', { percent: 43.7, message: 'simulating', at: new Date().toISOString(), remaining_seconds: 960 }, '1')
        send('log', { lines: ['first'], attempt: 'a' }, '2')
        send('log', { lines: ['last'], skipped: 12, attempt: 'b' }, '3')
      })
    })
    const { page } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('reconnecting').waitFor()
    await page.getByText('live', { exact: true }).waitFor()
    await page.getByText('43 % · simulating · about 16m 0s left').waitFor()
    t.equal(await page.getByRole('progressbar').getAttribute('value'), '43.7')
    await page.waitForFunction('document.title.startsWith("◔ 43 % sim")')
    await page.getByText('12 lines are left out here').waitFor()
    t.match(await page.getByRole('log').textContent(), /^first\n.*next attempt.*\n.*12 lines.*\nlast\n$/)

    await t.test('a hidden tab holds no stream', async (t) => {
      const setVisible = async (state: string): Promise<unknown> => await page.evaluate(`
        Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))`)
      t.equal(streams.size, 1)
      await setVisible('hidden')
      await poll('the stream is closed', async () => streams.size === 0)
      await setVisible('visible')
      await poll('there is a stream again', async () => streams.size === 1)
    })

    // A view that is left holds no stream either.
    await page.getByRole('link', { name: 'New job' }).click()
    await poll('the stream is closed', async () => streams.size === 0)
  })

  await t.test('of a job whose record was removed, nothing but that is shown', async (t) => {
    let isGone = false
    let cut: (() => void) | undefined
    const url = await pageServer(t, (app) => {
      app.addHook('onRequest', async ({ url }, reply) => {
        if (!isGone || !url.startsWith(`/job/${JOB}`)) return
        await reply.code(404).type('application/problem+json')
          .send({ type: 'urn:gx4ki:problem:unknown-job', title: 'There is no such job', status: 404, detail: 'gone' })
      })
      app.get('/job/:id', async () => jobView())
      app.get('/job/:id/result/list', async () => ({ files: [], next_cursor: null, left_out: [], left_out_count: 0 }))
      app.get('/job/:id/events', (_request, reply) => {
        reply.hijack()
        begin(reply)('log', { lines: ['a line'] }, '1')
        cut = () => reply.raw.end()
      })
    })
    const { page } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('live', { exact: true }).waitFor()
    isGone = true
    cut!()
    await page.getByText('There is no such job').waitFor()
    t.notMatch(await page.getByRole('main').textContent(), /running|Runs for|a line/)
    t.equal(await page.getByRole('button').count(), 0, 'there is nothing to do with it')
    await poll('the title says no state', async () => (await page.title()).startsWith('Job '))
  })

  await t.test('seven tabs of one browser, which has six connections, all show the end', async (t) => {
    let isOver = false
    const ended = new AbortController()
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async () => jobView(isOver ? ENDED : {}))
      app.get('/job/:id/log', async () => '')
      app.get('/job/:id/result/list', async () => ({ files: [], next_cursor: null, left_out: [], left_out_count: 0 }))
      app.get('/job/:id/events', (_request, reply) => {
        reply.hijack()
        const send = begin(reply)
        send('state', jobView(), '1')
        ended.signal.addEventListener('abort', () => {
          send('end', { state: 'succeeded' }, '2')
          reply.raw.end()
        })
      })
    })
    const { context } = await openTab(t, browser)
    const show = async (tab: Page, state: string): Promise<unknown> => await tab.evaluate(`
      Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))`)
    const tabs: Page[] = []
    for (let n = 0; n < 7; n++) {
      // Somebody looks at one tab at a time.
      if (n > 0) await show(tabs[n - 1]!, 'hidden')
      const tab = await context.newPage()
      await tab.goto(`${url}/#/job/${JOB}`)
      await tab.getByText('live', { exact: true }).waitFor()
      tabs.push(tab)
    }
    isOver = true
    ended.abort()
    for (const tab of tabs) {
      await show(tab, 'visible')
      await tab.getByText('✓ succeeded').waitFor()
    }
    t.equal(tabs.length, 7)
  })

  await t.test('where there are no streams, the page polls', async (t) => {
    let isOver = false
    const waits: unknown[] = []
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async (request, reply) => {
        waits.push(request.headers.prefer)
        reply.header('etag', `"${isOver}"`)
        if (waits.length > 3) isOver = true
        return jobView(isOver ? ENDED : {})
      })
      app.get('/job/:id/result/list', async () => ({ files: [], next_cursor: null, left_out: [], left_out_count: 0 }))
      app.get('/job/:id/log', async (_request, reply) => await reply.type('text/plain').send('kept\n'))
    })
    const { page } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('polling').waitFor()
    await page.getByText('✓ succeeded').waitFor()
    t.equal(await page.getByRole('log').textContent(), 'kept\n')
    t.ok(waits.includes('wait=5'), 'the server may hold the requests')
  })

  await t.test('100,000 lines are in the page, and its search finds each of them', async (t) => {
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async () => jobView(ENDED))
      app.get('/job/:id/result/list', async () => ({ files: [], next_cursor: null, left_out: [], left_out_count: 0 }))
      app.get('/job/:id/log', async (_request, reply) =>
        await reply.type('text/plain').send(Array.from({ length: 100_000 }, (_, n) => `line number ${n} end\n`).join('')))
    })
    const { page } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('100,000 lines').waitFor()
    t.equal(await page.evaluate('window.find("line number 50123 end")'), true)
    const laidOut = await page.evaluate('getComputedStyle(document.querySelector(".log .whole")).contentVisibility')
    t.equal(laidOut, 'auto', 'only the blocks in view are laid out')
    const inspector = await page.context().newCDPSession(page)
    await inspector.send('HeapProfiler.collectGarbage')
    const { usedSize: heap } = await inspector.send('Runtime.getHeapUsage')
    t.ok(heap < 200e6, `${Math.round(heap / 1e6)} MB of memory`)
    const log = page.getByRole('log')
    t.ok(await log.evaluate((box) => box.scrollTop) > 0, 'the end is shown')
    t.equal(await log.getAttribute('tabindex'), '0', 'the keys scroll it')
  })
}
