import t from 'tap'
import { browserFor, openTab } from '../../support/browser.ts'
import { testHost } from '../../support/host.ts'
import { JOB, jobView, pageServer } from '../../support/page-server.ts'

const browser = await browserFor(t)
if (browser !== undefined) {
  const host = await testHost(t)
  const formOf = (template: string): string => `${host.url}/#/new/${template}`

  await t.test('a refused value is named at its field, and everything typed stays', async (t) => {
    const { page, wrong } = await openTab(t, browser)
    await page.goto(formOf('script'))
    await page.getByLabel('SCRIPT').fill('echo one\necho two')
    await page.getByLabel('PASSWORD').fill('geheim')
    await page.getByText('Callback and queue').click()
    await page.getByRole('textbox', { name: 'Queue' }).fill('Not A Queue')
    await page.getByRole('button', { name: 'Run' }).click()
    const summary = page.getByRole('alert')
    await summary.waitFor()
    t.equal(await summary.evaluate((box) => box.matches(':focus')), true, 'the summary has the focus')
    t.match(await summary.textContent(), '1 value is not accepted')
    const queue = page.getByRole('textbox', { name: 'Queue' })
    t.equal(await queue.getAttribute('aria-invalid'), 'true')
    const described = (await queue.getAttribute('aria-describedby') ?? '').split(' ')
    t.match(await page.locator(`[id="${described[0]}"]`).textContent(), /^Queue must be a queue name/)
    t.equal(await page.getByLabel('SCRIPT').inputValue(), 'echo one\necho two')
    t.equal(await page.getByLabel('PASSWORD').inputValue(), 'geheim')

    await summary.getByRole('link', { name: 'queue' }).click()
    t.equal(await queue.evaluate((input) => input.matches(':focus')), true, 'the link leads to the field')
    t.match(page.url(), '#/new/script', 'the view is the same')
    t.strictSame(wrong, [])
  })

  await t.test('two clicks make one job', async (t) => {
    const { page } = await openTab(t, browser)
    const before = (await host.jobs()).length
    await page.goto(formOf('script'))
    await page.getByLabel('SCRIPT').fill('echo once')
    await page.getByRole('button', { name: 'Run' }).dblclick()
    await page.getByText('✓ succeeded').waitFor()
    t.equal((await host.jobs()).length, before + 1)
  })

  await t.test('a request whose answer was lost is sent again with the same key', async (t) => {
    const { page } = await openTab(t, browser)
    const before = (await host.jobs()).length
    let isLost = true
    await page.route('**/job/deploy', async (route) => {
      if (!isLost) return await route.continue()
      isLost = false
      await route.fetch()
      await route.abort()
    })
    await page.goto(formOf('script'))
    await page.getByLabel('SCRIPT').fill('echo lost')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('The server cannot be reached').waitFor()
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('✓ succeeded').waitFor()
    t.equal((await host.jobs()).length, before + 1)
  })

  await t.test('a dotenv file fills the form, and a wrong one says which line is wrong', async (t) => {
    const { page } = await openTab(t, browser)
    await page.goto(formOf('script'))
    const choose = async (text: string | Buffer) =>
      await page.getByLabel('Values from a dotenv file').setInputFiles({
        name: 'job.env',
        mimeType: 'text/plain',
        buffer: typeof text === 'string' ? Buffer.from(text) : text
      })
    await choose('SCRIPT=echo ok\nwhat is this\n')
    await page.getByText('line 2 must have the form NAME=value').waitFor()
    t.equal(await page.getByLabel('SCRIPT').inputValue(), 'true', 'nothing of it is taken')

    await choose(Buffer.from('SCRIPT=true\nPASSWORD=gr\xfcn\n', 'latin1'))
    await page.getByText('job.env is not UTF-8 text: byte 24, in line 2').waitFor()
    t.equal(await page.getByLabel('PASSWORD').inputValue(), '', 'no byte is replaced by another')

    await choose("SCRIPT='echo \"$PASSWORD\"'\nPASSWORD=geheim\nUNKNOWN=1\n")
    await page.getByText('3 variables from job.env').waitFor()
    t.equal(await page.getByLabel('SCRIPT').inputValue(), 'echo "$PASSWORD"')
    t.equal(await page.getByLabel('PASSWORD').inputValue(), 'geheim')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('1 value is not accepted').waitFor()
    await page.getByRole('button', { name: 'Remove UNKNOWN' }).click()
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('✓ succeeded').waitFor()
    t.match(await page.getByRole('log').textContent(), 'geheim')
  })

  await t.test('a dotenv file can be dropped', async (t) => {
    const { page } = await openTab(t, browser)
    await page.goto(formOf('script'))
    const files = await page.evaluateHandle(`(() => {
      const data = new DataTransfer()
      data.items.add(new File(['SCRIPT=echo dropped'], 'a.env'))
      return data
    })()`)
    await page.locator('.drop').dispatchEvent('drop', { dataTransfer: files })
    await page.getByText('1 variable from a.env').waitFor()
    t.equal(await page.getByLabel('SCRIPT').inputValue(), 'echo dropped')
  })

  await t.test('run again has the values of the job, but not its secrets', async (t) => {
    const { page } = await openTab(t, browser)
    const id = await host.deploy({ env: { SCRIPT: 'echo "a  b"\nexit 0', PASSWORD: 'geheim' } })
    await host.reaches(id, 'succeeded')
    await page.goto(`${host.url}/#/job/${id}`)
    await page.getByRole('link', { name: 'Run again' }).click()
    await page.getByText('Secret ones are not known any more: PASSWORD').waitFor()
    t.equal(await page.getByLabel('SCRIPT').inputValue(), 'echo "a  b"\nexit 0')
    t.equal(await page.getByLabel('PASSWORD').inputValue(), '')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('✓ succeeded').waitFor()
    const again = page.url().split('/').at(-1)!
    t.not(again, id)
    t.strictSame((await host.job(again)).env, (await host.job(id)).env)
  })

  await t.test('the empty text of an earlier job, of a choice and of an emptied field is sent', async (t) => {
    const sent: unknown[] = []
    const properties = {
      MAP: { type: 'string' },
      NOTE: { type: 'string' },
      OTHER: { type: 'string' },
      MODE: { type: 'string', enum: ['', 'fast'] },
      LEVEL: { type: 'string', enum: ['', 'high'] },
      TOKEN: { type: 'string', writeOnly: true }
    }
    const url = await pageServer(t, (app) => {
      app.get('/job/:id', async () => jobView({ env: { NOTE: '' } }))
      app.post('/job/deploy', async ({ body }) => {
        sent.push(body)
        return { job_uuid: JOB }
      })
    }, [{ name: 'sim', description: '', warnings: [], env: { properties, required: ['MAP', 'TOKEN'] } }])
    const { page } = await openTab(t, browser)
    await page.goto(`${url}/#/new/sim?from=${JOB}`)
    await page.getByLabel('MAP').fill('x')
    await page.getByLabel('MAP').fill('')
    await page.getByLabel('OTHER').fill('x')
    await page.getByLabel('OTHER').fill('')
    t.equal(await page.getByLabel('LEVEL').locator('option:checked').textContent(), 'not set')
    await page.getByLabel('MODE').selectOption('(empty)')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.waitForURL(`**/#/job/${JOB}`)
    t.strictSame(sent, [{ template: 'sim', env: { NOTE: '', MAP: '', MODE: '' } }])
  })
}
