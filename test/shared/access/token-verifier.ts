import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { tokenVerifier } from '../../../shared/access/token-verifier.ts'
import { AUDIENCE, oidcIssuer } from '../../support/oidc-issuer.ts'
import { refusal } from '../../support/refusal.ts'

const unauthorized = refusal(401, 'unauthorized')
const unavailable = refusal(503, 'issuer-unavailable')

async function verifierOf (
  t: Test,
  more: { pauseMs?: number } = {}
) {
  const issuer = await oidcIssuer(t)
  return { issuer, verify: tokenVerifier({ issuer: issuer.url, audience: AUDIENCE, ...more }) }
}

await t.test('a token of the issuer for this audience is valid, and the keys are fetched once', async (t) => {
  const { issuer, verify } = await verifierOf(t)
  t.same(issuer.received, [], 'no request to the issuer before the first token')
  for (const claims of [{}, { aud: ['other', AUDIENCE] }, { nbf: issuer.now() + 10 }, { exp: issuer.now() - 10 }]) {
    t.match(await verify(await issuer.token(claims)), { sub: 'alice' })
  }
  t.same(issuer.received.map(({ url }) => url), ['/.well-known/openid-configuration', '/keys'])
})

await t.test('an invalid token is refused with the reason', async (t) => {
  const { issuer, verify } = await verifierOf(t)
  const good = await issuer.token()
  const [header, payload, signature] = good.split('.') as [string, string, string]
  const forged = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'root' })
  ).toString('base64url')
  const unknown = Buffer.from('{"alg":"RS256","kid":"unknown"}').toString('base64url')
  const claims = { iss: issuer.url, aud: AUDIENCE, sub: 'alice', exp: issuer.now() + 300 }
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  const shared = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(
    Buffer.from('first'.padEnd(64))
  )
  for (
    const [token, words] of [
      ['x', /cannot be verified/],
      ['a.b.c', /cannot be verified/],
      [`${header}.${forged}.${signature}`, /cannot be verified/],
      [good.slice(0, -10), /cannot be verified/],
      [`${header}.${payload}.`, /cannot be verified/],
      [none, /cannot be verified/],
      [shared, /cannot be verified/],
      [await issuer.token({}, await issuer.key('first')), /cannot be verified/],
      // Its key is unknown, but no key would make it valid.
      [await issuer.token({ aud: 'another' }, await issuer.key('unknown')), /cannot be verified/],
      [await issuer.token({ iss: 'https://other.example.org' }, await issuer.key('unknown')), /cannot be verified/],
      [await issuer.token({ exp: issuer.now() - 40 }, await issuer.key('unknown')), /cannot be verified/],
      [`${header}.bm9uc2Vuc2U.${signature}`, /cannot be verified/],
      [`${unknown}.bm9uc2Vuc2U.${signature}`, /cannot be verified/],
      [await issuer.token({ aud: 'another' }), /claim aud/],
      [await issuer.token({ aud: undefined! }), /claim aud/],
      [await issuer.token({ iss: 'https://other.example.org' }), /claim iss/],
      [await issuer.token({ iss: `${issuer.url}/` }), /claim iss/],
      [await issuer.token({ sub: undefined! }), /claim sub/],
      [await issuer.token({ sub: '' }), /claim sub/],
      [await issuer.token({ sub: 7 as never }), /claim sub/],
      [await issuer.token({ exp: undefined! }), /claim exp/],
      [await issuer.token({ exp: issuer.now() - 40 }), /has expired/],
      [await issuer.token({ nbf: issuer.now() + 60 }), /claim nbf/]
    ] as const
  ) await t.rejects(verify(token), { ...unauthorized, message: words, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
})

await t.test('a key that is newer than the last look at the issuer is 503, until the next look', async (t) => {
  const { issuer, verify } = await verifierOf(t)
  t.match(await verify(await issuer.token()), { sub: 'alice' })
  const looks = issuer.received.length
  const next = await issuer.key('next')
  issuer.setKeys([next])
  const refused = await t.rejects(verify(await issuer.token()), unavailable) as Error & { headers: object }
  t.match(refused, { headers: { 'retry-after': /^([1-9]|[12]\d|3[01])$/ } })
  t.equal(issuer.received.length, looks, 'an invented key makes no request')
})

await t.test('after the pause a new key is found, and one that is still unknown is 401', async (t) => {
  const { issuer, verify } = await verifierOf(t, { pauseMs: 0 })
  t.match(await verify(await issuer.token()), { sub: 'alice' })
  issuer.setKeys([await issuer.key('next')])
  t.match(await verify(await issuer.token()), { sub: 'alice' })
  await t.rejects(verify(await issuer.token({}, await issuer.key('unknown'))), {
    ...unauthorized,
    message: /cannot be verified/
  })
})

await t.test('algorithms with a public key are accepted', async (t) => {
  const { issuer, verify } = await verifierOf(t)
  const keys = await Promise.all(['ES256', 'PS512', 'EdDSA'].map(async (alg) => await issuer.key(alg, alg)))
  issuer.setKeys(keys)
  for (const key of keys) t.match(await verify(await issuer.token({}, key)), { sub: 'alice' }, key.alg)
})

await t.test('while the issuer is not available the answer is 503, and afterwards tokens are verified again', async (t) => {
  const { issuer, verify } = await verifierOf(t)
  issuer.setDown(true)
  await t.rejects(verify(await issuer.token()), unavailable, 'no configuration')
  issuer.setDown(false)
  t.match(await verify(await issuer.token()), { sub: 'alice' })
  issuer.setDown(true)
  t.match(await verify(await issuer.token()), { sub: 'alice' }, 'with the cached keys')

  const elsewhere = await oidcIssuer(t)
  await t.rejects(
    tokenVerifier({ issuer: `${elsewhere.url}/`, audience: AUDIENCE })(await elsewhere.token()),
    unavailable,
    'the configuration names another issuer'
  )
  const late = tokenVerifier({ issuer: elsewhere.url, audience: AUDIENCE, jwksUri: `${elsewhere.url}/keys` })
  elsewhere.setDown(true)
  await t.rejects(late(await elsewhere.token()), unavailable, 'no keys')
  elsewhere.setDown(false)
  t.match(await late(await elsewhere.token()), { sub: 'alice' })
  t.equal(
    elsewhere.received.filter(({ url }) => url.startsWith('/.well-known')).length,
    1,
    'with jwksUri there is no discovery'
  )
})
