import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { browserFor, openTab } from '../../support/browser.ts'
import { testHost } from '../../support/host.ts'

/** Presses Tab until the focus is on the element of this name, as somebody without a mouse does. */
async function tabTo (page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab')
    const found = await page.evaluate(`(() => {
      const { activeElement: it } = document
      return it?.getAttribute('aria-label') ?? it?.labels?.[0]?.textContent ?? it?.textContent ?? ''
    })()`)
    if (name.test(String(found).trim())) return
  }
  throw new Error(`Tab does not lead to ${name}`)
}

const browser = await browserFor(t)
if (browser !== undefined) {
  const host = await testHost(t, { '*': { TEMPLATES_DIR: resolve('knative/templates'), DEFAULT_TEMPLATE: 'drive' } })

  await t.test('from an empty list to the recording and its file, without a mouse', async (t) => {
    const { page, wrong } = await openTab(t, browser)
    await page.goto(host.url)
    await page.getByText('There are no jobs yet').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    t.equal(await page.evaluate('document.activeElement.id'), 'main', 'the first Tab leads past the navigation')
    await tabTo(page, /^Run the first one$/)
    await page.keyboard.press('Enter')
    await page.getByLabel('Template').waitFor()
    await tabTo(page, /^Template/)
    await page.keyboard.type('drive')
    await page.getByLabel('REAL_TIME_FACTOR').waitFor()
    await tabTo(page, /^REAL_TIME_FACTOR/)
    await page.keyboard.press('Control+A')
    await page.keyboard.type('0')
    await page.keyboard.press('Enter')
    await page.getByText('✓ succeeded').waitFor()
    await page.getByRole('button', { name: 'Preview drive.mcap' }).waitFor()
    await tabTo(page, /^Preview drive\.mcap$/)
    await page.keyboard.press('Space')
    await page.getByText('nav_msgs/msg/Odometry').waitFor()
    await tabTo(page, /^Download drive\.mcap$/)
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    t.equal(download.suggestedFilename(), 'drive.mcap')
    await tabTo(page, /^Preview route\.svg$/)
    await page.keyboard.press('Space')
    await page.getByAltText('Picture route.svg').waitFor()
    await tabTo(page, /^Lines of the log$/)

    await page.keyboard.press('/')
    await page.goto(`${host.url}/#/jobs`)
    await page.getByText('✓ succeeded').waitFor()
    await page.waitForFunction("document.activeElement.tagName === 'H1'")
    t.pass('a new view says its name')
    await page.keyboard.press('/')
    t.equal(await page.evaluate('document.activeElement.labels[0].textContent.startsWith("State")'), true)
    t.strictSame(wrong, [])
  })
}
