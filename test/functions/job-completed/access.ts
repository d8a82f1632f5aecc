import t from 'tap'
import { documents } from '../../../openapi/documents.ts'
import { makeDocument } from '../../../openapi/make-document.ts'
import { admitSenderBy } from '../../../shared/access/admit-sender.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { completedWith } from '../../support/completed-server.ts'
import { deployWith } from '../../support/deploy-server.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { problemOf } from '../../support/problem-of.ts'
import { testStore } from '../../support/store.ts'

const sub = 'system:serviceaccount:gx4ki:job-completed-oidc-eventing.knative.dev-trigger'

await t.test('when senders must have tokens, every event route rejects events without a valid token', async (t) => {
  const apiServer = await oidcIssuer(t, { jwksPath: '/openid/v1/jwks' })
  const cluster = clusterAt(t, apiServer.url)
  const store = await testStore(t)
  const admitSender = admitSenderBy({
    EVENTS_OIDC_ISSUER: apiServer.url,
    EVENTS_OIDC_AUDIENCE: 'gx4ki',
    EVENTS_OIDC_SUBJECT: 'system:serviceaccount:gx4ki:'
  }, cluster)!
  const functions = [
    { ...await completedWith(t, { store, cluster }, { admitSender }), document: 'job-completed' },
    { ...await deployWith(t, { store, cluster, admitSender }), document: 'deploy' }
  ]
  const event = { 'ce-id': '1', 'ce-source': '/test', 'ce-type': 'org.example.test', 'ce-specversion': '1.0' }

  const tried: string[] = []
  for (const { url, document } of functions) {
    const { paths } = await makeDocument(documents[document]!) as {
      paths: Record<string, Record<string, { requestBody?: { content: object }, responses: object }>>
    }
    for (const [path, { post }] of Object.entries(paths)) {
      if (!Object.hasOwn(post?.requestBody?.content ?? {}, 'application/cloudevents+json')) continue
      tried.push(path)
      t.ok('401' in post!.responses && '403' in post!.responses, 'the OpenAPI lists 401 and 403')
      const send = async (authorization?: string): Promise<Response> =>
        await fetch(url + path, { method: 'POST', headers: { ...event, ...(authorization && { authorization }) } })
      for (const wrong of [undefined, 'Bearer x', `Bearer ${await apiServer.token({ aud: 'other', sub })}`]) {
        await problemOf(t, await send(wrong), 401, 'unauthorized')
      }
      await problemOf(
        t,
        await send(
          `Bearer ${await apiServer.token({ aud: 'gx4ki', sub: 'system:serviceaccount:gx4ki-jobs:default' })}`
        ),
        403,
        'forbidden'
      )
      const { status } = await send(`Bearer ${await apiServer.token({ aud: 'gx4ki', sub })}`)
      // /dead-letter accepts every event; the other routes do not accept this type.
      t.equal(status, path === '/dead-letter' ? 204 : 400)
    }
  }
  t.same(tried, ['/', '/dead-letter', '/'])
})
