import t from 'tap'
import { webPage } from '../../../functions/result-fetch/web-page.ts'
import { admitCallers } from '../../../shared/access/admit-callers.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { problemOf } from '../../support/problem-of.ts'
import { serve } from '../../support/serve.ts'

const { settings } = apiKeyFolder(t)
const withKeys = { HOST: '127.0.0.1', ...settings }
// The page needs no store.
const admit = admitCallers('test', withKeys, {} as never)
const { url } = await serve(t, webPage({ ...withKeys, PAGE_OIDC_SCOPE: 'openid' }), admit)

await t.test('the page needs no credential, and names files that a browser may keep for ever', async (t) => {
  const page = await fetch(url)
  t.equal(page.status, 200)
  t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  t.equal(page.headers.get('cache-control'), 'no-cache')
  const html = await page.text()
  t.notMatch(html, /<script(?![^>]* src=")|style=|\son\w+=/, 'no script and no style in the page itself')
  const names = [...html.matchAll(/"(page\/[^"]+)"/g)].map(([, name]) => name!)
  t.equal(names.length, 3)
  for (const name of names) {
    const file = await fetch(`${url}/${name}`)
    t.equal(file.status, 200, name)
    t.match(file.headers.get('content-type'), /^(text\/javascript|text\/css|image\/svg\+xml)/)
    t.equal(file.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    t.equal(file.headers.get('x-content-type-options'), 'nosniff')
    t.ok((await file.bytes()).length > 0)
  }
})

await t.test('a browser runs only what the page brings, and no other page frames it', async (t) => {
  const { headers } = await fetch(url)
  const policy = headers.get('content-security-policy') ?? ''
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
    "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
    t.ok(policy.split('; ').includes(part), part)
  }
  t.notMatch(policy, /unsafe|\*|https?:/)
  t.equal(headers.get('referrer-policy'), 'no-referrer')
})

await t.test('the bytes are the same with gzip and without', async (t) => {
  const bytesOf = async (encoding: string) => {
    const answer = await fetch(url, { headers: { 'accept-encoding': encoding } })
    t.equal(answer.headers.get('vary'), 'accept-encoding')
    t.equal(answer.headers.get('content-encoding'), encoding === 'gzip' ? 'gzip' : null)
    return Buffer.from(await answer.bytes())
  }
  const plain = await bytesOf('identity')
  t.ok(plain.length > 0)
  t.strictSame(await bytesOf('gzip'), plain)
})

await t.test('a browser that has the page gets it once', async (t) => {
  const etag = (await fetch(url)).headers.get('etag')!
  const again = await fetch(url, { headers: { 'if-none-match': etag } })
  t.equal(again.status, 304)
  t.equal(again.headers.get('etag'), etag)
})

await t.test('no other file is served', async (t) => {
  for (const path of ['/page/index.html.gz', '/page/..%2Fdeploy.cjs', '/page/none.js', '/page/%2e%2e%2fpackage.json']) {
    await problemOf(t, await fetch(url + path), 404, 'not-found')
  }
  t.equal((await fetch(`${url}/page/index.html`)).headers.get('cache-control'), 'no-cache')
  const refused = await fetch(url, { method: 'POST' })
  t.equal(refused.status, 405)
  t.equal(refused.headers.get('allow'), 'GET, HEAD')
})

await t.test('the page hears how visitors sign in', async (t) => {
  const told = async (of: Parameters<typeof webPage>[0]) => {
    const server = await serve(t, webPage(of))
    const page = await fetch(server.url)
    return {
      settings: await (await fetch(`${server.url}/page/settings.json`)).json() as object,
      connects: /connect-src ([^;]*)/.exec(page.headers.get('content-security-policy') ?? '')?.[1]
    }
  }
  const scope = { PAGE_OIDC_SCOPE: 'openid jobs' }
  t.strictSame(await told(scope), {
    settings: { credentials: false, api_keys: false, oidc: null },
    connects: "'self'"
  })
  t.strictSame(await told({ ...scope, API_KEYS_DIR: '/keys' }), {
    settings: { credentials: true, api_keys: true, oidc: null },
    connects: "'self'"
  })
  t.match(await told({ ...scope, OIDC_ISSUER: 'https://login.example/realms/a' }), {
    settings: { credentials: true, oidc: null }
  }, 'without a client, the page cannot use the issuer')
  t.strictSame(await told({ ...scope, OIDC_ISSUER: 'https://login.example/realms/a', PAGE_OIDC_CLIENT_ID: 'page' }), {
    settings: {
      credentials: true,
      api_keys: false,
      oidc: { issuer: 'https://login.example/realms/a', client_id: 'page', scope: 'openid jobs' }
    },
    connects: "'self' https://login.example"
  })
})
