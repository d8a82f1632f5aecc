import t from 'tap'
import { browserFor, openTab } from '../../support/browser.ts'
import { JOB, jobView, pageServer } from '../../support/page-server.ts'

const COUNT = 10_000
const idOf = (n: number): string => JOB.slice(0, -6) + String(n).padStart(6, '0')

const browser = await browserFor(t)
if (browser !== undefined) {
  await t.test('of many jobs, those are loaded that somebody looks at, and the newest come by themselves', async (t) => {
    const queries: Record<string, string>[] = []
    let first = 1
    const url = await pageServer(t, (app) => {
      app.get<{ Querystring: Record<string, string> }>('/job', async ({ query }) => {
        queries.push(query)
        const from = query['cursor'] === undefined ? first : Number(query['cursor'].slice(-6)) + 1
        const limit = Number(query['limit'])
        const ids = Array.from({ length: Math.min(limit, COUNT - from) }, (_, i) => idOf(from + i))
        return { jobs: ids.map((id) => jobView({ job_uuid: id })), next_cursor: idOf(from + limit - 1) }
      })
    })
    const { page } = await openTab(t, browser)
    await page.clock.install()
    await page.goto(url)
    const rows = page.locator('tbody tr')
    await rows.first().waitFor()
    t.equal(await rows.count(), 100)
    await page.getByRole('button', { name: 'Load older jobs' }).click()
    await page.getByRole('link', { name: '0200' }).waitFor()
    await page.getByRole('button', { name: 'Load older jobs' }).click()
    await page.getByRole('link', { name: '0300' }).waitFor()

    first = 0
    await page.clock.runFor(11_000)
    await page.getByRole('link', { name: '0000' }).waitFor()
    const shown = await page.locator('tbody a').allTextContents()
    t.equal(new Set(shown).size, shown.length, 'no job is there twice')
    t.equal(shown.length, 301)

    await page.getByLabel('State').selectOption('failed')
    await page.waitForURL(`${url}/#/jobs?state=failed`)
    await rows.first().waitFor()
    t.match(queries.at(-1), { state: 'failed', limit: '100' }, 'the server filters')
    t.equal(await rows.count(), 100)
    await page.goBack()
    await page.waitForURL(`${url}/`)
    t.equal(await page.getByLabel('State').inputValue(), '', 'Back removes the filter')
  })
}
