import t from 'tap'
import { identifyBy } from '../../../shared/access/identify-caller.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { refusal } from '../../support/refusal.ts'

const refused = (): void => {}

await t.test('an address beyond loopback needs a setting for callers', async (t) => {
  const { settings } = apiKeyFolder(t)
  const oidc = { OIDC_ISSUER: 'https://issuer.example.org', OIDC_AUDIENCE: 'a' }
  for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '']) {
    t.throws(
      () => identifyBy({ HOST }, refused),
      /Set API_KEYS_DIR or OIDC_ISSUER to require credentials, or ANONYMOUS=allowed/,
      HOST
    )
    t.equal(identifyBy({ HOST, ANONYMOUS: 'allowed' }, refused), undefined)
    for (const some of [settings, oidc, { ...settings, ...oidc }]) {
      t.type(identifyBy({ HOST, ...some }, refused), 'function')
    }
  }
  for (const HOST of ['127.0.0.1', '::1']) t.equal(identifyBy({ HOST }, refused), undefined, HOST)
})

await t.test('contradictory or incomplete settings are refused', async (t) => {
  const { settings } = apiKeyFolder(t)
  const HOST = '127.0.0.1'
  t.throws(() => identifyBy({ HOST, ...settings, ANONYMOUS: 'allowed' }, refused), /remove one of them/)
  for (
    const half of [{ OIDC_ISSUER: 'https://a' }, { OIDC_AUDIENCE: 'a' }, { OIDC_JWKS_URI: 'https://a' }, {
      ...settings,
      OIDC_ISSUER: 'https://a'
    }]
  ) {
    t.throws(() => identifyBy({ HOST, ...half }, refused), /OIDC_ISSUER and OIDC_AUDIENCE go together/)
  }
})

await t.test('API keys and tokens are told apart, and only the configured kind is accepted', async (t) => {
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
  t.equal(issuer.received.length, asked, 'an API key is not passed to the token verifier')
  t.match(await tokens(`Bearer  ${token}`), { owner: 'oidc:alice' })
  for (const none of [undefined, '', 'Bearer', token, `Bearer ${token} x`, `Basic ${token}`]) {
    await t.rejects(tokens(none), unauthorized)
  }
})
