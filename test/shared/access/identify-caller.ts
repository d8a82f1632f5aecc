import t from 'tap'
import { identifyBy } from '../../../shared/access/identify-caller.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { refusal } from '../../support/refusal.ts'

const refused = (): void => {}

await t.test('beyond this machine somebody must have said who may call', async (t) => {
  const { settings } = apiKeyFolder(t)
  const oidc = { OIDC_ISSUER: 'https://issuer.example.org', OIDC_AUDIENCE: 'a' }
  for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '']) {
    t.throws(
      () => identifyBy({ HOST }, refused),
      /API_KEYS_DIR or OIDC_ISSUER must say who may, or ANONYMOUS=allowed/,
      HOST
    )
    t.equal(identifyBy({ HOST, ANONYMOUS: 'allowed' }, refused), undefined)
    for (const some of [settings, oidc, { ...settings, ...oidc }]) {
      t.type(identifyBy({ HOST, ...some }, refused), 'function')
    }
  }
  for (const HOST of ['127.0.0.1', '::1']) t.equal(identifyBy({ HOST }, refused), undefined, HOST)
})

await t.test('settings that contradict each other, or are half there, are none', async (t) => {
  const { settings } = apiKeyFolder(t)
  const HOST = '127.0.0.1'
  t.throws(() => identifyBy({ HOST, ...settings, ANONYMOUS: 'allowed' }, refused), /take one of them away/)
  for (
    const half of [{ OIDC_ISSUER: 'https://a' }, { OIDC_AUDIENCE: 'a' }, { OIDC_JWKS_URI: 'https://a' }, {
      ...settings,
      OIDC_ISSUER: 'https://a'
    }]
  ) {
    t.throws(() => identifyBy({ HOST, ...half }, refused), /OIDC_ISSUER and OIDC_AUDIENCE go together/)
  }
})

await t.test('a key is a key and a token a token, and only what is configured is looked at', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const issuer = await oidcIssuer(t)
  const HOST = '0.0.0.0'
  const [key, token] = [add('alice', 'jobs:read'), await issuer.token()]
  const unauthorized = refusal(401, 'unauthorized')
  const both = identifyBy({ HOST, ...settings, ...issuer.settings }, refused)!
  t.match(await both(`Bearer ${key}`), { owner: 'alice' })
  t.match(await both(`Bearer ${token}`), { owner: 'oidc:alice' })
  const keys = identifyBy({ HOST, ...settings }, refused)!
  await t.rejects(keys(`Bearer ${token}`), unauthorized)
  const tokens = identifyBy({ HOST, ...issuer.settings }, refused)!
  const asked = issuer.received.length
  await t.rejects(tokens(`Bearer ${key}`), unauthorized)
  t.equal(issuer.received.length, asked, 'no key is shown to the code of tokens')
  t.match(await tokens(`Bearer  ${token}`), { owner: 'oidc:alice' })
  for (const none of [undefined, '', 'Bearer', token, `Bearer ${token} x`, `Basic ${token}`]) {
    await t.rejects(tokens(none), unauthorized)
  }
})
