import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { credentialWrong } from '../../../shared/access/bearer.ts'
import { admitCallers, type CallerSettings } from '../../../shared/access/admit-callers.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { problemOf } from '../../support/problem-of.ts'
import { serve } from '../../support/serve.ts'

const store = openStore({
  S3_ENDPOINT: await closedUrl(),
  S3_ACCESS_KEY: 'a',
  S3_SECRET_KEY: 'b',
  S3_BUCKET: 'bucket',
  S3_REGION: 'us-east-1'
})

const app: FastifyPluginAsync = async (app) => {
  app.get('/read', { config: { access: 'jobs:read' } }, async ({ caller }) => ({ owner: caller.owner ?? null }))
  app.post('/write', { config: { access: 'jobs:write' } }, async () => ({}))
  app.get(
    '/public',
    { config: { access: 'public' } },
    async ({ caller }) => ({ owner: caller.owner ?? null, scopes: [...caller.scopes] })
  )
  app.get('/forgotten', async () => ({}))
  app.get(
    '/job/:id',
    { config: { access: 'jobs:read' }, schema: { params: Type.Object({ id: Type.String() }) } },
    async () => ({})
  )
}

async function served (t: Test, settings: Partial<CallerSettings>, proxies?: string) {
  const { url } = await serve(t, app, admitCallers('test', { HOST: '127.0.0.1', ...settings }, store), proxies)
  return async (
    path: string,
    credential?: string,
    headers: Record<string, string> = {},
    init: RequestInit = {}
  ): Promise<Response> =>
    await fetch(url + path, {
      ...init,
      headers: { ...(credential !== undefined && { authorization: `Bearer ${credential}` }), ...headers }
    })
}

await t.test('a route without an access setting needs the scope admin', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const ask = await served(t, settings)
  t.equal((await ask('/forgotten')).status, 401)
  await problemOf(t, await ask('/forgotten', add('alice', 'jobs:read', 'jobs:write')), 403, 'forbidden')
  t.equal((await ask('/forgotten', add('root', 'admin'))).status, 200)
})

await t.test('a public route needs no credential, and its caller has no scopes', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const ask = await served(t, settings)
  for (const credential of [undefined, 'x', add('root', 'admin')]) {
    t.same(await (await ask('/public', credential)).json(), { owner: null, scopes: [] })
  }
})

await t.test('a request without permission is refused before its body is read', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const ask = await served(t, settings)
  const body = { method: 'POST', body: '{' }
  const json = { 'content-type': 'application/json' }
  t.equal((await ask('/write', undefined, json, body)).status, 401)
  t.equal((await ask('/write', add('alice', 'jobs:read'), json, body)).status, 403)
  t.equal((await ask('/write', add('alice', 'jobs:write'), json, body)).status, 400)
})

await t.test('with ANONYMOUS=allowed every request is allowed, whatever credential it has', async (t) => {
  const ask = await served(t, { ANONYMOUS: 'allowed', HOST: '0.0.0.0' })
  for (const credential of [undefined, 'x']) {
    t.same(await (await ask('/read', credential)).json(), { owner: null })
    t.equal((await ask('/forgotten', credential)).status, 200)
  }
})

await t.test('a job whose owner cannot be checked is not shown', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const ask = await served(t, settings)
  await problemOf(t, await ask('/job/0', add('alice', 'jobs:read')), 404, 'unknown-job')
  await problemOf(
    t,
    await ask('/job/ffff0000-0000-8000-8000-000000000000', add('alice', 'jobs:read')),
    503,
    'store-unavailable'
  )
  t.equal((await ask('/job/0', add('root', 'admin'))).status, 200)
})

await t.test('when the issuer is down, the answer is 503, not 401', async (t) => {
  const issuer = await oidcIssuer(t)
  const ask = await served(t, issuer.settings)
  issuer.setDown(true)
  const response = await ask('/read', await issuer.token())
  t.equal(response.headers.get('retry-after'), '5')
  await problemOf(t, response, 503, 'issuer-unavailable')
  issuer.setDown(false)
  t.same(await (await ask('/read', await issuer.token())).json(), { owner: 'oidc:alice' })
})

await t.test('a caller with too many requests gets 429 with Retry-After, and each caller is counted separately', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const ask = await served(t, { ...settings, REQUESTS_PER_MINUTE_PER_CALLER: 3 })
  const [alice, second, bob] = [add('alice', 'jobs:read'), add('alice', 'jobs:read'), add('bob', 'jobs:read')]
  for (const key of [alice, second, alice]) t.equal((await ask('/read', key)).status, 200)
  const response = await ask('/read', second)
  t.match(response.headers.get('retry-after'), /^([1-9]|[1-5]\d|60)$/)
  await problemOf(t, response, 429, 'too-many-requests')
  t.equal((await ask('/read', bob)).status, 200)
  for (const path of ['/public', '/health/readiness', '/openapi.json', '/none']) {
    t.not((await ask(path, alice)).status, 429, `${path} is not counted`)
  }
})

await t.test('an unknown caller is counted by its address, as the named proxies report it', async (t) => {
  const { settings } = apiKeyFolder(t)
  const limited = { ...settings, REQUESTS_PER_MINUTE_PER_CALLER: 2 }
  const ask = await served(t, limited, '127.0.0.1, 10.0.0.0/8,192.168.1.1')
  const from = async (forwarded: string): Promise<number> =>
    (await ask('/read', 'x', { 'x-forwarded-for': forwarded })).status
  t.strictSame(
    [
      await from('203.0.113.1'),
      await from('198.51.100.9, 203.0.113.1, 10.0.0.7'),
      await from('203.0.113.1, 10.0.0.7, 192.168.1.1')
    ],
    [401, 401, 429],
    'addresses that the caller claims before that are ignored'
  )
  t.equal(await from('203.0.113.2'), 401)
  for (const [address, ...again] of [
    ['203.0.113.9:1234', '203.0.113.9:1235', '203.0.113.9'],
    ['[2001:db8:9::9]:1234', '[2001:db8:9::9]:1235', '2001:db8:9::9']
  ]) {
    t.equal(await from(address!), 401)
    t.strictSame([await from(again[0]!), await from(again[1]!)], [401, 429], 'the port of a connection does not matter')
  }
  t.strictSame(
    [await from('203.0.113.3, 192.168.1.2'), await from('203.0.113.4, 192.168.1.2'), await from('192.168.1.2')],
    [401, 401, 429],
    'a private address that is not named is that of a caller'
  )
  t.strictSame(
    [await from('2001:db8::1'), await from('2001:db8::2'), await from('2001:db8::3'), await from('2001:db8:0:1::1')],
    [401, 401, 429, 401],
    'an IPv6 network (/64) counts as one address'
  )
})

await t.test('without named proxies X-Forwarded-For is not believed', async (t) => {
  const { settings } = apiKeyFolder(t)
  const ask = await served(t, { ...settings, REQUESTS_PER_MINUTE_PER_CALLER: 2 })
  const statuses = []
  for (const forwarded of ['203.0.113.1', '203.0.113.2', '203.0.113.3, 127.0.0.1', '::1']) {
    statuses.push((await ask('/read', 'x', { 'x-forwarded-for': forwarded })).status)
  }
  t.strictSame(statuses, [401, 401, 429, 429])
})

await t.test('a wrong credential of another kind is refused and counted, also on a public route; a right one is neither', async (t) => {
  const own = {
    ownCredential: ({ headers }: FastifyRequest) =>
      headers['x-own'] === undefined
        ? undefined
        : headers['x-own'] === 'right' ? 'right' as const : credentialWrong('The credential is not known')
  }
  const { settings, add } = apiKeyFolder(t)
  for (const some of [settings, {}]) {
    const { url } = await serve(
      t,
      async (app) => {
        app.get('/read', { config: { access: 'jobs:read', ...own } }, async ({ caller }) => ({ owner: caller.owner ?? null }))
        app.post('/public', { config: { access: 'public', ...own } }, async () => ({}))
      },
      admitCallers('test', { HOST: '127.0.0.1', ...some, REQUESTS_PER_MINUTE_PER_CALLER: 2 }, store)
    )
    const ask = async (own: string, path = '/read', method = 'GET') =>
      await fetch(url + path, { method, headers: { 'x-own': own, authorization: `Bearer ${add('root', 'admin')}` } })
    for (let i = 0; i < 5; i++) t.same(await (await ask('right')).json(), { owner: null })
    const refused = await ask('wrong')
    t.equal(refused.headers.get('www-authenticate'), 'Bearer error="invalid_token"')
    await problemOf(t, refused, 401, 'unauthorized')
    t.strictSame([
      (await ask('wrong', '/public', 'POST')).status,
      (await ask('wrong', '/public', 'POST')).status,
      (await ask('wrong')).status,
      (await ask('right')).status,
      (await ask('right', '/public', 'POST')).status,
      (await fetch(`${url}/public`, { method: 'POST' })).status
    ], [401, 429, 429, 200, 200, 200])
  }
})
