import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { CloudEvent, HTTP } from 'cloudevents'
import t from 'tap'
import { testHost } from '../../support/host.ts'
import { kubectl, kubectlJson } from '../../support/kubectl.ts'

const FUNCTIONS = 'gx4ki'
const AUDIENCE = 'gx4ki'

interface Trigger { metadata: { name: string }, spec: { delivery?: { deadLetterSink?: object } } }

await t.test('where Knative gives senders tokens, events come with one, and without one they are refused', { skip: process.env['E2E'] === 'lean' && 'Triggers lead to Services' }, async (t) => {
  const { issuer } = JSON.parse(kubectl('get', '--raw', '/.well-known/openid-configuration')) as { issuer: string }
  const feature = (value: string): void => {
    kubectl('patch', 'configmap', 'config-features', '-n', 'knative-eventing', '--type=merge', '-p', JSON.stringify({ data: { 'authentication-oidc': value } }))
  }
  const { items: triggers } = kubectlJson<{ items: Trigger[] }>('get', 'trigger', '-n', FUNCTIONS)
  const demand = (audience: string | null): void => {
    for (const { metadata: { name }, spec } of triggers) {
      const more = { subscriber: { audience }, ...(spec.delivery?.deadLetterSink !== undefined && { delivery: { deadLetterSink: { audience } } }) }
      kubectl('patch', 'trigger', name, '-n', FUNCTIONS, '--type=merge', '-p', JSON.stringify({ spec: more }))
    }
    kubectl('wait', '--for=condition=Ready', '--timeout=120s', '-n', FUNCTIONS, 'broker,trigger', '--all')
  }
  t.teardown(() => {
    feature('disabled')
    demand(null)
  })
  feature('enabled')
  demand(AUDIENCE)
  const host = await testHost(t, { '*': { EVENTS_OIDC_ISSUER: issuer, EVENTS_OIDC_AUDIENCE: AUDIENCE } })
  kubectl('wait', '--for=condition=Ready', '--timeout=120s', '-n', 'gx4ki-jobs', 'apiserversource', '--all')

  const id = await host.deploy({ env: { SCRIPT: 'echo a > a.txt' } })
  t.match(await host.reaches(id, 'succeeded', 'failed'), { state: 'succeeded' }, 'its events were taken: nobody pinged')

  const { headers, body } = HTTP.binary(new CloudEvent({ type: 'dev.knative.apiserver.resource.update', source: '/forged', subject: `/apis/batch/v1/namespaces/gx4ki-jobs/jobs/gx4ki-${id}`, data: {} }))
  const { spec } = kubectlJson<{ spec: { clusterIP: string } }>('get', 'service', 'kourier-internal', '-n', 'kourier-system')
  // fetch sets no Host, and that is what kourier goes by.
  async function asSomebody (authorization?: string): Promise<number> {
    const all = { ...headers as Record<string, string>, host: `job-completed.${FUNCTIONS}.svc.cluster.local`, ...(authorization !== undefined && { authorization }) }
    const [response] = await once(request({ host: spec.clusterIP, method: 'POST', headers: all }).end(body as string), 'response') as [IncomingMessage]
    response.resume()
    return response.statusCode!
  }
  t.equal(await asSomebody(), 401)
  t.equal(await asSomebody(`Bearer ${kubectl('create', 'token', 'default', '-n', 'gx4ki-jobs').trim()}`), 401, 'a token for somebody else')
  t.equal(await asSomebody(`Bearer ${kubectl('create', 'token', 'default', '-n', 'gx4ki-jobs', `--audience=${AUDIENCE}`).trim()}`), 403, 'a token of somebody else')
})
