import t from 'tap'
import { browserFor, openTab } from '../../support/browser.ts'
import { testHost } from '../../support/host.ts'

const browser = await browserFor(t)
if (browser !== undefined) {
  const host = await testHost(t)
  const urlOf = (id: string): string => `${host.url}/#/job/${id}`

  await t.test('a job is canceled, and the dialog says what happens', async (t) => {
    const { page } = await openTab(t, browser)
    const id = await host.deploy({ env: { SCRIPT: 'sleep 600' } })
    await host.reaches(id, 'running')
    await page.goto(urlOf(id))
    await page.getByRole('button', { name: 'Cancel job' }).click()
    await page.getByRole('dialog', { name: 'Cancel this script job?' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    t.equal((await host.job(id)).state, 'running', 'Esc does nothing to the job')
    await page.getByRole('button', { name: 'Cancel job' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel job' }).click()
    await page.getByText('⊘ canceled').waitFor()
    t.equal((await host.job(id)).state, 'canceled')
  })

  await t.test('what a job prints while somebody looks is what is kept', async (t) => {
    const { page } = await openTab(t, browser)
    const id = await host.deploy({ env: { SCRIPT: 'for n in $(seq 300); do echo "line $n"; done; sleep 2; echo end' } })
    await page.goto(urlOf(id))
    await page.getByText('✓ succeeded').waitFor()
    await page.getByText('301 lines').waitFor()
    t.equal(await page.getByRole('log').textContent(), await host.jobLog(id))
  })

  await t.test('a failed job says why', async (t) => {
    const { page } = await openTab(t, browser)
    const id = await host.deploy({ env: { SCRIPT: 'echo bad luck; exit 3' } })
    await page.goto(urlOf(id))
    await page.getByText('✕ failed').waitFor()
    await page.getByText(/exit code 3/).waitFor()
    await page.getByRole('log').getByText('bad luck').waitFor()
    await page.waitForFunction('document.title.startsWith("✕ script")')
    t.match(await page.getByRole('log').textContent(), 'bad luck')
  })

  await t.test('an ended job is kept longer', async (t) => {
    const { page } = await openTab(t, browser)
    const id = await host.deploy({ env: { SCRIPT: 'true' } })
    const { expires_at: before } = await host.reaches(id, 'succeeded')
    await page.goto(urlOf(id))
    await page.getByRole('button', { name: 'Keep longer' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    t.ok(Date.parse((await host.job(id)).expires_at!) > Date.parse(before!) + 20 * 86_400_000)
  })

  await t.test('what a job writes never runs', async (t) => {
    const { page, wrong } = await openTab(t, browser)
    const evil = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="parent.hacked=1"><script>parent.hacked=1</script></svg>'
    const SCRIPT = `cat > 'a"><img src=x onerror=hacked=1>.svg' <<'E'\n${evil}\nE\n` +
      `cp *.svg page.html; cp *.svg evil.json; cp *.svg "$(printf 'a\\342\\200\\256gpj.svg')"; printf '</pre></script>%s\\n' '${evil}'; printf '${evil}' > t.txt`
    const id = await host.deploy({ env: { SCRIPT, PASSWORD: '<b>' } })
    await host.reaches(id, 'succeeded')
    await page.goto(urlOf(id))
    await page.getByRole('button', { name: 'Preview page.html' }).waitFor()
    await page.getByText('a\\u202egpj.svg', { exact: true }).waitFor()
    t.equal(await page.getByAltText(/^Picture a/).count(), 0, 'a picture that could freeze the tab waits to be asked for')
    await page.getByRole('button', { name: /^Preview a"/ }).click()
    await page.getByAltText(/^Picture a/).waitFor()
    for (const name of ['page.html', 'evil.json', 't.txt']) {
      await page.getByRole('button', { name: `Preview ${name}` }).click()
      await page.getByRole('region', { name: `Content of ${name}` }).getByText('onload').waitFor()
    }
    await page.getByText('Inputs').click()
    await page.getByRole('log').getByText('</pre></script>').waitFor()
    t.equal(await page.evaluate('window.hacked'), undefined)
    t.equal(await page.locator('script:not([src]), main svg:not(.route)').count(), 0, 'no markup of the job is in the page')
    t.strictSame(wrong, [])

    // Opened by its own address, the browser must not run it either.
    const other = await openTab(t, browser)
    const name = encodeURIComponent('a"><img src=x onerror=hacked=1>.svg')
    await other.page.goto(`${host.url}/job/${id}/result?file=${name}`).catch(() => {})
    t.equal(await other.page.evaluate('window.hacked'), undefined)
  })

  await t.test('what is not there has one way out', async (t) => {
    const { page } = await openTab(t, browser)
    await page.goto(urlOf('fe5dd958-4504-8d5d-a965-5ca2aa7a3eb3'))
    await page.getByText('There is no such job.').waitFor()
    await page.getByRole('link', { name: 'All jobs' }).click()
    await page.getByRole('heading', { name: 'Jobs' }).waitFor()
    await page.goto(`${host.url}/#/nowhere`)
    await page.getByRole('heading', { name: 'No such page' }).waitFor()

    for (const [status, words] of [[500, 'The server has answered 500'], [503, 'The server has answered 503']] as const) {
      await page.route('**/job?*', async (route) => await route.fulfill({ status, body: 'x' }))
      await page.goto(`${host.url}/#/jobs?state=failed&n=${status}`)
      await page.getByText(words).waitFor()
      await page.unroute('**/job?*')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByText(words).waitFor({ state: 'detached' })
    }
    await page.context().setOffline(true)
    await page.goto(`${host.url}/#/new`)
    await page.getByText(/cannot be reached|Something went wrong/).first().waitFor()
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByLabel('Template').waitFor()
    t.pass('each of them is said, and passes')
  })
}
