import t from 'tap'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { browserFor, openTab } from '../../support/browser.ts'
import { testHost } from '../../support/host.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { poll } from '../../support/poll.ts'

const browser = await browserFor(t)
if (browser !== undefined) {
  await t.test('with an API key', async (t) => {
    const { settings, add } = apiKeyFolder(t)
    const host = await testHost(t, { '*': settings })
    const key = add('alice', 'jobs:read', 'jobs:write')
    const { page, wrong, requested } = await openTab(t, browser)
    await page.goto(`${host.url}/#/new/script`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.getByLabel('API key').fill('gx4ki_日本')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('This is no key: its character 7').waitFor()
    await page.getByLabel('API key').fill('gx4ki_wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('main').getByText('The API key is not known').first().waitFor()
    await page.getByLabel('API key').fill(`${key} `)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('SCRIPT').fill("printf '<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>' > a.svg")
    t.match(page.url(), '#/new/script', 'the view is the one that was asked for')

    await t.test('what was typed survives the end of a credential', async (t) => {
      await page.route('**/job/deploy', async (route) => await route.fulfill({ status: 401, body: '{}' }), { times: 1 })
      await page.getByRole('button', { name: 'Run' }).click()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      await page.getByLabel('API key').fill(key)
      await page.getByRole('button', { name: 'Sign in' }).click()
      t.match(await page.getByLabel('SCRIPT').inputValue(), /^printf/)
    })

    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('✓ succeeded').waitFor()
    await page.getByRole('button', { name: 'Preview a.svg' }).click()
    const picture = page.getByAltText('Picture a.svg')
    await picture.waitFor()
    t.ok(await picture.evaluate((image) => Number(Reflect.get(image, 'naturalWidth'))) > 0, 'previews have the credential')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download a.svg' }).click()
    ])
    t.equal(download.suggestedFilename(), 'a.svg')
    t.notOk(requested.some((url) => url.includes(key)), 'the key is in no address')

    await page.reload()
    await page.getByText('✓ succeeded').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    t.equal(await page.evaluate('sessionStorage.length + localStorage.length'), 0, 'nothing of it is left')
    t.equal(await page.title(), 'gx4ki jobs')
    t.notMatch(await page.getByRole('main').innerHTML(), /a\.svg|succeeded|printf/, 'not even out of sight')
    t.strictSame(wrong, [])
  })

  await t.test('what one visitor has typed, the next does not see', async (t) => {
    const { settings, add } = apiKeyFolder(t)
    const host = await testHost(t, { '*': settings })
    const [alice, bob] = ['alice', 'bob'].map((name) => add(name, 'jobs:read', 'jobs:write'))
    const { page, wrong } = await openTab(t, browser)
    const signIn = async (key: string): Promise<void> => {
      await page.getByLabel('API key').fill(key)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor({ state: 'detached' })
    }
    const secrets = async (): Promise<unknown> =>
      await page.evaluate('[...document.querySelectorAll("input")].filter(({ value }) => value === "geheim").length')

    await page.goto(`${host.url}/#/new/script`)
    await signIn(alice!)
    await page.getByLabel('PASSWORD').fill('geheim')
    t.equal(await secrets(), 1)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    t.equal(await secrets(), 0, 'it is gone with the visitor')
    await signIn(bob!)
    await page.getByText('There are no jobs yet').waitFor()
    await page.goBack()
    await page.getByLabel('PASSWORD').waitFor()
    t.equal(await secrets(), 0)

    await page.getByLabel('PASSWORD').fill('geheim')
    await page.route('**/job/deploy', async (route) => await route.fulfill({ status: 401, body: '{}' }), { times: 1 })
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    t.equal(await secrets(), 1, 'the same visitor may come back')
    await signIn(alice!)
    await page.getByLabel('PASSWORD').waitFor()
    t.equal(await secrets(), 0, 'another one has come')
    t.strictSame(wrong, [])
  })

  await t.test('with a token of the issuer: code flow with PKCE', async (t) => {
    const issuer = await oidcIssuer(t)
    const host = await testHost(t, { '*': { ...issuer.settings, PAGE_OIDC_CLIENT_ID: 'page', PAGE_OIDC_SCOPE: 'openid jobs' } })
    const { page, wrong } = await openTab(t, browser)
    await page.goto(`${host.url}/#/jobs?state=failed`)
    await page.getByRole('button', { name: `Sign in with ${new URL(issuer.url).host}` }).click()
    await page.getByText('No job has this state').waitFor()
    t.equal(page.url(), `${host.url}/#/jobs?state=failed`, 'back at the view, without code and state')
    const asked = new URL(issuer.received.find(({ url }) => url.startsWith('/authorize'))!.url, issuer.url).searchParams
    t.match(Object.fromEntries(asked), {
      response_type: 'code',
      client_id: 'page',
      redirect_uri: `${host.url}/`,
      scope: 'openid jobs',
      code_challenge_method: 'S256',
      code_challenge: /^[\w-]{43}$/
    })

    await t.test('a token that has expired is renewed, and the visitor sees nothing of it', async (t) => {
      await page.route('**/job?*', async (route) => await route.fulfill({ status: 401, body: '{}' }), { times: 1 })
      await page.getByLabel('State').selectOption('canceled')
      await page.waitForURL('**state=canceled')
      await page.getByText('No job has this state').waitFor()
      const renewals = issuer.received.filter(({ body }) => body.includes('grant_type=refresh_token'))
      t.equal(renewals.length, 1)
      t.equal(await page.getByRole('heading', { name: 'Sign in' }).count(), 0)
    })

    await t.test('a renewal that ends after the sign-out signs nobody in', async (t) => {
      const other = await openTab(t, browser)
      await other.page.goto(`${host.url}/#/jobs`)
      await other.page.getByRole('button', { name: `Sign in with ${new URL(issuer.url).host}` }).click()
      await other.page.getByText('There are no jobs yet').waitFor()
      let answer: (() => Promise<void>) | undefined
      await other.page.route('**/token', (route) => {
        answer = async () => await route.continue()
      })
      await other.page.route('**/job?*', async (route) => await route.fulfill({ status: 401, body: '{}' }))
      await other.page.getByLabel('State').selectOption('canceled')
      await poll('the page asks for a new token', async () => answer !== undefined)
      await other.page.getByRole('button', { name: 'Sign out' }).click()
      const [given] = await Promise.all([other.page.waitForResponse('**/token'), answer!()])
      await given.finished()
      await other.page.evaluate('new Promise((resolve) => setTimeout(resolve, 50))')
      t.equal(await other.page.evaluate('sessionStorage.length'), 0)
    })

    await t.test('what was typed survives the way to the issuer and back, for the same visitor', async (t) => {
      const other = await openTab(t, browser)
      const signIn = async (): Promise<void> =>
        await other.page.getByRole('button', { name: `Sign in with ${new URL(issuer.url).host}` }).click()
      const typed = async (): Promise<string[]> =>
        await Promise.all(['SCRIPT', 'PASSWORD', 'Queue'].map(async (name) => await other.page.getByLabel(name).inputValue()))
      await other.page.goto(`${host.url}/#/new/script`)
      await signIn()
      for (const user of ['alice', 'bob']) {
        await other.page.getByText('Callback and queue').click()
        await other.page.getByLabel('SCRIPT').fill('echo typed')
        await other.page.getByLabel('PASSWORD').fill('geheim')
        await other.page.getByLabel('Queue').fill('night')
        await other.page.route('**/token', async (route) => await route.fulfill({ status: 400, body: '{}' }), { times: 1 })
        await other.page.route('**/job/deploy', async (route) => await route.fulfill({ status: 401, body: '{}' }), { times: 1 })
        await other.page.getByRole('button', { name: 'Run' }).click()
        issuer.setUser(user)
        if (user === 'alice') {
          // The issuer gives no token at first, and without one there is no form.
          await other.page.route('**/template', async (route) => await route.fulfill({ status: 401, body: '{}' }), { times: 1 })
          await other.page.route('**/token', async (route) => await route.fulfill({ status: 400, body: '{}' }), { times: 2 })
          await signIn()
          await other.page.getByText('The issuer has given no token').waitFor()
        }
        await signIn()
        await other.page.getByLabel('SCRIPT').waitFor({ state: 'visible' })
        if (user === 'bob') {
          t.strictSame(await typed(), ['true', '', ''], 'another visitor sees nothing of it')
        } else {
          t.strictSame(await typed(), ['echo typed', '', 'night'], 'a secret value is not stored')
          await other.page.getByText('Secret values are not kept while you sign in: PASSWORD.').waitFor()
        }
        t.notMatch(await other.page.evaluate('JSON.stringify(sessionStorage)'), /typed/, 'nothing of it is left')
        await other.page.reload()
        await other.page.getByLabel('SCRIPT').waitFor({ state: 'visible' })
        t.equal((await typed())[0], 'true', 'it is given once')
      }
      issuer.setUser('alice')
      t.strictSame(other.wrong, [])
    })

    await t.test('an answer that nobody in this tab has asked for is not taken', async (t) => {
      const other = await openTab(t, browser)
      await other.page.goto(`${host.url}/?code=stolen&state=made-up`)
      await other.page.getByText('does not belong to a sign-in of this tab').waitFor()
      t.equal(other.page.url(), `${host.url}/`)
      t.equal(issuer.received.filter(({ body }) => body.includes('stolen')).length, 0, 'the code is not sent')
    })
    t.strictSame(wrong, [])
  })
}
