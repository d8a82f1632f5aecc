import { resolve } from 'node:path'
import t from 'tap'
import { bytesText } from '../../../shared/words/amounts.ts'
import { browserFor, openTab } from '../../support/browser.ts'
import { testHost } from '../../support/host.ts'

const browser = await browserFor(t)
if (browser !== undefined) {
  const host = await testHost(t, { '*': { TEMPLATES_DIR: resolve('knative/templates'), DEFAULT_TEMPLATE: 'drive' } })

  await t.test('from an empty list to the plot, the recording and the file', async (t) => {
    const { page, wrong, requested } = await openTab(t, browser)
    await page.goto(host.url)
    await page.getByRole('link', { name: 'Run the first one' }).click()
    await page.getByLabel('Template').selectOption('drive')
    await page.getByLabel('REAL_TIME_FACTOR').fill('0')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('✓ succeeded').waitFor()

    await page.getByRole('button', { name: 'Preview route.svg' }).click()
    const plot = page.getByAltText('Picture route.svg')
    await plot.waitFor()
    t.ok(await plot.evaluate((image) => Number(Reflect.get(image, 'naturalWidth'))) > 0, 'the plot is shown')

    await page.getByRole('button', { name: 'Preview summary.json' }).click()
    t.match(await page.getByRole('region', { name: 'Content of summary.json' }).textContent(), /"\w+": /)

    const pieces: number[] = []
    page.on('response', (answer) => {
      if (answer.status() === 206) pieces.push(Number(answer.headers()['content-length']))
    })
    await page.getByRole('button', { name: 'Preview drive.mcap' }).click()
    await page.getByText('nav_msgs/msg/Odometry').waitFor()
    await page.getByText('2,250 messages in 15s').waitFor()
    await page.getByRole('img', { name: /^Route, \d+ m × \d+ m$/ }).waitFor()
    const read = pieces.reduce((sum, bytes) => sum + bytes)
    t.match(await page.getByText(/read .* of/).textContent(), `read ${bytesText(read)} of`, 'with what the route took')

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download drive.mcap' }).click()
    ])
    t.equal(download.suggestedFilename(), 'drive.mcap')
    await page.getByText('saved, sha256 is right').waitFor()
    t.match(await page.getByRole('log').textContent(), /drive 100 %/)

    t.strictSame(wrong, [], 'no script has failed, and nothing was refused')
    t.strictSame(requested.filter((url) => !url.startsWith(host.url) && !url.startsWith('blob:')), [], 'no other host')
  })
}
