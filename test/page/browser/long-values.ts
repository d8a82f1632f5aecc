import t from 'tap'
import { browserFor, openTab } from '../../support/browser.ts'
import { ENDED, JOB, jobView, pageServer } from '../../support/page-server.ts'

const long = (char: string, length = 200): string => char.repeat(length)
const template = {
  name: long('t', 63),
  description: long('d'),
  warnings: [],
  env: {
    properties: {
      [long('N', 90)]: { type: 'string', description: long('d'), default: long('x') },
      CHOICE: { type: 'string', enum: [long('e'), 'b'] }
    }
  }
}
const progress = { percent: 1, message: long('p', 120), at: '2026-11-29T12:00:00Z', remaining_seconds: null }
const callback = {
  id: 'c',
  kind: 'webhook',
  to: `https://${long('w', 60)}.example/${long('y')}`,
  call: 'ended',
  state: 'dead',
  attempts: [{ at: '2026-11-29T12:00:00Z', status: null, error: long('e') }],
  next_try_at: null
}
const file = (name: string): object => ({ name, size: 1e12, sha256: name, sha256_checked: 'whole', content_type: 'text/plain' })

const browser = await browserFor(t)
if (browser !== undefined) {
  await t.test('however long a value is, nothing lies beside the page', async (t) => {
    const more = { template: template.name, owner: long('o'), reason: long('R', 60), message: long('m'), env: { [long('N', 90)]: long('v') } }
    let job = jobView({ ...more, progress })
    const url = await pageServer(t, (app) => {
      app.get('/job', async () => ({ jobs: [job], next_cursor: null }))
      app.get('/job/:id', async () => job)
      app.get('/job/:id/log', async () => long('l', 5000))
      app.get('/job/:id/result/list', async () => ({
        files: [file(long('f')), file(`${long('日', 80)}/${long('g')}.txt`)],
        next_cursor: null,
        left_out: [{ name: long('n'), reason: long('r') }],
        left_out_count: 1
      }))
    }, [template], [callback])
    const { page } = await openTab(t, browser)
    for (const [view, hash, words] of [
      ['jobs', '#/jobs', '1 minute ago'],
      ['form', '#/new', 'CHOICE'],
      ['running job', `#/job/${JOB}`, 'Runs for'],
      ['failed job', `#/job/${JOB}`, 'Ended']
    ] as const) {
      if (view === 'failed job') job = jobView({ ...more, ...ENDED, state: 'failed' })
      for (const width of [320, 1000]) {
        await page.setViewportSize({ width, height: 900 })
        await page.goto(`${url}/?${view.replace(' ', '-')}-${width}${hash}`)
        await page.getByText(words).first().waitFor()
        if (view.endsWith('job')) {
          await page.getByText('Inputs').click()
          await page.getByText('not among the results').click()
          await page.getByText('webhook').waitFor()
        }
        t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${view} at ${width} px`)
      }
    }
  })
}
