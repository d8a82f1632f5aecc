import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { PART } from '../../../page/files/parts-of.ts'
import { browserFor, openTab } from '../../support/browser.ts'
import { ENDED, JOB, jobView, pageServer } from '../../support/page-server.ts'
import { poll } from '../../support/poll.ts'

const SIZE = 100_000_000
const content = Buffer.alloc(SIZE, randomBytes(999_983))
const sha256 = createHash('sha256').update(content).digest('hex')
const results = { files: 1, bytes: SIZE, complete: true, left_out: [], left_out_count: 0 }

/** An API with one large file. `answer` may cut an answer after some bytes. */
async function serverOf (t: Test, cut: (request: FastifyRequest) => number | undefined, etag = (): string => sha256) {
  const sent: [number, number][] = []
  const url = await pageServer(t, (app) => {
    app.get('/job/:id', async () => jobView({ ...ENDED, results }))
    app.get('/job/:id/log', async () => '')
    app.get('/job/:id/result/list', async () => ({
      files: [{ name: 'rec/run.bin', size: SIZE, sha256: etag(), sha256_checked: 'whole', content_type: 'application/octet-stream' }],
      next_cursor: null,
      left_out: [],
      left_out_count: 0
    }))
    app.get('/job/:id/result', (request, reply) => {
      answer(request, reply).catch(() => reply.raw.destroy())
    })
    async function answer (request: FastifyRequest, reply: FastifyReply): Promise<void> {
      if (request.headers['if-match'] !== `"${etag()}"`) return await reply.code(412).send({})
      const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')!.map(Number) as [number, number, number]
      const after = cut(request)
      const part = content.subarray(start, after === undefined ? end + 1 : start + after)
      sent.push([start, part.length])
      reply.hijack()
      reply.raw.writeHead(206, { 'content-range': `bytes ${start}-${end}/${SIZE}`, 'content-length': end - start + 1 })
      reply.raw.write(part, () => after === undefined ? reply.raw.end() : reply.raw.destroy())
    }
  })
  return { url, sent }
}

const browser = await browserFor(t)
if (browser !== undefined) {
  await t.test('a download that is cut, and whose tab is killed, goes on where it was', async (t) => {
    let requests = 0
    let holds = true
    const { url, sent } = await serverOf(t, () => {
      requests++
      if (requests === 1 || requests === 3) return 5_000_000
      // The third part does not come before the tab is gone.
      return holds && requests > 4 ? 1_000_000 : undefined
    })
    const { page, context } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByRole('button', { name: 'Download rec/run.bin' }).click()
    await page.getByText(/6\d %/).waitFor()
    await poll('the third part is asked for, so the others are on the disk', async () => sent.length > 4)
    await page.close()
    const whole = sent.filter(([, bytes]) => bytes === PART).length
    t.equal(whole, 2, 'two parts are on the disk of the browser')

    holds = false
    const before = sent.length
    const again = await context.newPage()
    await again.goto(`${url}/#/job/${JOB}`)
    const [download] = await Promise.all([
      again.waitForEvent('download'),
      again.getByRole('button', { name: 'Resume rec/run.bin' }).click()
    ])
    t.equal(download.suggestedFilename(), 'run.bin')
    await again.getByText('saved, sha256 is right').waitFor()
    const hash = createHash('sha256')
    await pipeline(createReadStream(await download.path()), hash)
    t.equal(hash.digest('hex'), sha256)
    t.strictSame(sent.slice(before).map(([start]) => start), [2 * PART], 'only the missing part was asked for again')
  })

  await t.test('a paused download is resumed', async (t) => {
    const { url } = await serverOf(t, () => undefined)
    const { page } = await openTab(t, browser)
    let isHeld = true
    await page.route('**/result?*', async (route) => {
      if (!isHeld) await route.continue()
    })
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByRole('button', { name: 'Download rec/run.bin' }).click()
    await page.getByRole('button', { name: 'Pause rec/run.bin' }).click()
    isHeld = false
    await page.getByRole('button', { name: 'Resume rec/run.bin' }).click()
    await page.getByText('saved, sha256 is right').waitFor()
    t.pass('it ends')
  })

  await t.test('parts are removed when they are saved, or a week old', async (t) => {
    let holds = false
    const { url } = await serverOf(t, ({ headers }) => holds && headers.range?.startsWith('bytes=0-') !== true ? 1 : undefined)
    const { page, context } = await openTab(t, browser)
    const kept = async (tab: Page): Promise<unknown> => await tab.evaluate(`(async () => {
      const root = await navigator.storage.getDirectory()
      const folder = await root.getDirectoryHandle('downloads', { create: true })
      return (await Array.fromAsync(folder.keys())).length
    })()`)
    /** Opens the page so much later. */
    const later = async (ms: number): Promise<Page> => {
      const tab = await context.newPage()
      await tab.clock.setSystemTime(Date.now() + ms)
      await tab.goto(`${url}/#/job/${JOB}`)
      await tab.getByText('rec/run.bin').first().waitFor()
      return tab
    }
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByRole('button', { name: 'Download rec/run.bin' }).click()
    await page.getByText('saved, sha256 is right').waitFor()
    const soon = await later(60_000)
    await soon.getByRole('button', { name: 'Download rec/run.bin' }).waitFor()
    t.equal(await kept(soon), 1, 'the browser may still read them')
    await poll('the parts are removed', async () => await kept(await later(700_000)) === 0)

    holds = true
    await page.reload()
    await page.getByRole('button', { name: 'Download rec/run.bin' }).click()
    await page.getByText(/3\d %/).waitFor()
    await page.close()
    const unfinished = await later(6 * 86_400_000)
    await unfinished.getByRole('button', { name: 'Resume rec/run.bin' }).waitFor()
    await poll('the parts are removed', async () => await kept(await later(8 * 86_400_000)) === 0)
  })

  await t.test('a file that was replaced meanwhile is not mixed with the other one', async (t) => {
    let now = sha256
    const { url } = await serverOf(t, ({ headers }) => {
      if (headers.range?.startsWith('bytes=0-')) now = createHash('sha256').update('another').digest('hex')
      return undefined
    }, () => now)
    const { page } = await openTab(t, browser)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByRole('button', { name: 'Download rec/run.bin' }).click()
    await page.getByRole('button', { name: 'Download rec/run.bin' }).waitFor()
    await page.getByTitle(`sha256 ${now}`).waitFor()
    t.not(now, sha256, 'the list was read again')
  })

  await t.test('bytes that are not those of the list are not saved', async (t) => {
    const wrong = createHash('sha256').update('wrong').digest('hex')
    const { url } = await serverOf(t, () => undefined, () => wrong)
    const { page } = await openTab(t, browser)
    let downloads = 0
    page.on('download', () => downloads++)
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByRole('button', { name: 'Download rec/run.bin' }).click()
    await page.getByText('The bytes do not have the sha256 of the list').waitFor()
    t.equal(downloads, 0)
  })
}
