import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { join, relative } from 'node:path'
import { CloudEvent, HTTP } from 'cloudevents'
import { readYamlDocuments } from '../../../shared/settings/read-yaml.ts'
import t from 'tap'
import { testHost } from '../../support/host.ts'
import { httpServer } from '../../support/http-server.ts'
import { kubectl, kubectlJson, kubectlWith } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const FUNCTIONS = 'gx4ki'
const BROKER_AUDIENCE = `eventing.knative.dev/broker/${FUNCTIONS}/gx4ki`

interface Manifest {
  kind: string
  metadata: { name: string }
  data: Record<string, string>
}

await t.test('with OIDC authentication in Knative, every event has a token, and an event without a token is refused', {
  skip: process.env['E2E'] === 'lean' && 'in lean mode Triggers send to Kubernetes Services'
}, async (t) => {
  const plain = manifestsWith()
  const ours = manifestsWith('job-events', 'sender-tokens')
  const { EVENTS_OIDC_ISSUER, EVENTS_OIDC_AUDIENCE } = ours.find(({ kind, metadata }) =>
    kind === 'ConfigMap' && metadata.name === 'gx4ki-settings'
  )!.data as Record<string, string>
  const { url: uri, received } = await httpServer(t)
  const listener = {
    apiVersion: 'eventing.knative.dev/v1',
    kind: 'Trigger',
    metadata: { name: 'listener', namespace: FUNCTIONS },
    spec: { broker: 'gx4ki', subscriber: { uri } }
  }
  t.teardown(() => installEvents('disabled', plain))
  const host = await testHost(t, {
    '*': {
      TAKE_JOB_REQUESTS: 'true',
      EVENTS_OIDC_ISSUER: EVENTS_OIDC_ISSUER!,
      EVENTS_OIDC_AUDIENCE: EVENTS_OIDC_AUDIENCE!
    }
  })
  installEvents('enabled', [...ours, listener])
  await poll('both functions have the token for the Broker', () =>
    ['deploy', 'job-completed'].every((name) => {
      const { spec } = kubectlJson<
        { spec: { template: { spec: { containers: { volumeMounts?: { mountPath: string }[] }[] } } } }
      >('get', 'ksvc', name, '-n', FUNCTIONS)
      return spec.template.spec.containers[0]!.volumeMounts?.some(({ mountPath }) => mountPath === '/oidc')
    }), 60)
  kubectl('wait', '--for=condition=Ready', '--timeout=120s', '-n', FUNCTIONS, 'ksvc', '--all')

  const toBroker = async (data: object, token?: string): Promise<number> =>
    await send(addressOf('knative-eventing', 'broker-ingress'), `/${FUNCTIONS}/gx4ki`, undefined, {
      type: 'org.gx4ki.job.requested',
      data
    }, token)
  const order = { template: 'script', env: { SCRIPT: 'echo a > a.txt' } }
  t.equal(await toBroker(order), 401, 'no token')
  t.equal(await toBroker(order, tokenOf('gx4ki-jobs', BROKER_AUDIENCE)), 403, 'a token of the namespace of the jobs')
  t.equal(await toBroker(order, tokenOf(FUNCTIONS, BROKER_AUDIENCE)), 202)

  const told = (type: string) => received.filter(({ headers }) => headers['ce-type'] === `org.gx4ki.job.${type}`)
  await poll('the succeeded event has arrived', () => told('succeeded').length > 0)
  t.equal(told('accepted').length, 1, 'the answer of deploy is one accepted event')
  const [{ headers: { 'ce-subject': id } }] = told('succeeded') as [typeof received[number]]
  t.equal(
    await (await host.result(String(id), 'a.txt')).text(),
    'a\n',
    'the job has ended without a ping: job-completed accepts the events of the Job'
  )

  const toFunction = async (name: string, path: string, token?: string): Promise<number> =>
    await send(addressOf('kourier-system', 'kourier-internal'), path, `${name}.${FUNCTIONS}.svc.cluster.local`, {
      type: 'dev.knative.apiserver.resource.update',
      data: {}
    }, token)
  for (const [name, path] of [['job-completed', '/'], ['job-completed', '/dead-letter'], ['deploy', '/']] as const) {
    t.equal(await toFunction(name, path), 401, `${name}${path}: no token`)
    t.equal(
      await toFunction(name, path, tokenOf(FUNCTIONS, BROKER_AUDIENCE)),
      401,
      `${name}${path}: a token with another audience`
    )
    t.equal(
      await toFunction(name, path, tokenOf('gx4ki-jobs', EVENTS_OIDC_AUDIENCE!)),
      403,
      `${name}${path}: a token of another service account`
    )
  }

  /** The manifests that kustomize builds from the base with these components. */
  function manifestsWith (...components: string[]): Manifest[] {
    const folder = temporaryFolder(t, {})
    const to = (path: string): string => relative(folder, join('knative', path))
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      JSON.stringify({ resources: [to('base')], components: components.map((name) => to(`components/${name}`)) })
    )
    return readYamlDocuments(kubectl('kustomize', folder)) as Manifest[]
  }
})

/**
 * Creates Broker and Triggers again, as docs/access.md says. Otherwise the channel between them also keeps the
 * subscriptions without a token.
 */
function installEvents (authentication: 'enabled' | 'disabled', manifests: object[]): void {
  kubectl(
    'patch',
    'configmap',
    'config-features',
    '-n',
    'knative-eventing',
    '--type=merge',
    '-p',
    JSON.stringify({ data: { 'authentication-oidc': authentication } })
  )
  kubectl('delete', 'trigger,broker,sinkbinding,eventpolicy', '-n', FUNCTIONS, '--all')
  const events = (manifests as Manifest[]).filter(({ kind }) =>
    ['Broker', 'Trigger', 'EventPolicy', 'SinkBinding'].includes(kind)
  )
  kubectlWith(events.map((manifest) => JSON.stringify(manifest)).join('\n---\n'), 'apply', '-f', '-')
  for (const kind of new Set(events.map(({ kind }) => kind))) {
    kubectl('wait', '--for=condition=Ready', '--timeout=120s', '-n', FUNCTIONS, kind, '--all')
  }
  kubectl('wait', '--for=condition=Ready', '--timeout=120s', '-n', 'gx4ki-jobs', 'apiserversource', '--all')
}

function tokenOf (namespace: string, audience: string): string {
  return kubectl('create', 'token', 'default', '-n', namespace, `--audience=${audience}`).trim()
}

function addressOf (namespace: string, service: string): string {
  return kubectlJson<{ spec: { clusterIP: string } }>('get', 'service', service, '-n', namespace).spec.clusterIP
}

/** Does not use fetch, because fetch cannot set the Host header, and Kourier routes by this header. */
async function send (
  address: string,
  path: string,
  host: string | undefined,
  event: { type: string, data: object },
  token?: string
): Promise<number> {
  const { headers, body } = HTTP.binary(new CloudEvent({ id: randomUUID(), source: '/test', ...event }))
  const all = {
    ...headers as Record<string, string>,
    ...(host !== undefined && { host }),
    ...(token !== undefined && { authorization: `Bearer ${token}` })
  }
  const [response] = await once(
    request({ host: address, path, method: 'POST', headers: all }).end(body as string),
    'response'
  ) as [IncomingMessage]
  response.resume()
  return response.statusCode!
}
