import t from 'tap'
import { admitSenderBy } from '../../../shared/access/admit-sender.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { refusal } from '../../support/refusal.ts'

const EVENTS_OIDC_SUBJECT = 'system:serviceaccount:gx4ki:'
const trigger = 'system:serviceaccount:gx4ki:job-completed-oidc-eventing.knative.dev-trigger'

await t.test('without settings senders are not checked, and incomplete settings are refused', (t) => {
  const cluster = clusterAt(t, 'http://127.0.0.1:9')
  t.equal(admitSenderBy({ EVENTS_OIDC_SUBJECT }, cluster), undefined)
  for (const half of [{ EVENTS_OIDC_ISSUER: 'https://a' }, { EVENTS_OIDC_AUDIENCE: 'a' }]) {
    t.throws(() => admitSenderBy({ EVENTS_OIDC_SUBJECT, ...half }, cluster), /go together/)
  }
  t.end()
})

await t.test('a sender needs a token of the cluster with an allowed subject, checked with the keys of the API server', async (t) => {
  const apiServer = await oidcIssuer(t, { jwksPath: '/openid/v1/jwks' })
  const iss = 'https://kubernetes.default.svc.cluster.local'
  const admit = admitSenderBy(
    { EVENTS_OIDC_SUBJECT, EVENTS_OIDC_ISSUER: iss, EVENTS_OIDC_AUDIENCE: 'gx4ki' },
    clusterAt(t, apiServer.url, 'mine')
  )!
  const token = async (claims: object = {}): Promise<string> =>
    `Bearer ${await apiServer.token({ iss, aud: 'gx4ki', sub: trigger, ...claims })}`
  t.equal(await admit(await token()), undefined)
  t.match(apiServer.received.map(({ url, headers }) => [url, headers.authorization]), [[
    '/openid/v1/jwks',
    'Bearer mine'
  ]])
  for (
    const wrong of [
      undefined,
      'Bearer x',
      await token({ aud: 'other' }),
      await token({ iss: apiServer.url }),
      await token({ exp: 1 })
    ]
  ) await t.rejects(admit(wrong), refusal(401, 'unauthorized'))
  for (const sub of ['system:serviceaccount:gx4ki-jobs:default', 'system:serviceaccount:gx4ki', 'alice']) {
    await t.rejects(admit(await token({ sub })), refusal(403, 'forbidden'))
  }
})

await t.test('when the API server does not answer, the result is 503, not 401', async (t) => {
  const issuer = await oidcIssuer(t)
  const admit = admitSenderBy(
    { EVENTS_OIDC_SUBJECT, EVENTS_OIDC_ISSUER: issuer.url, EVENTS_OIDC_AUDIENCE: 'gx4ki' },
    clusterAt(t, 'http://127.0.0.1:9')
  )!
  await t.rejects(
    admit(`Bearer ${await issuer.token({ aud: 'gx4ki', sub: trigger })}`),
    refusal(503, 'issuer-unavailable')
  )
})
