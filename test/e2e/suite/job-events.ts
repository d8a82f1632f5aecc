import { randomUUID } from 'node:crypto'
import { CloudEvent, HTTP } from 'cloudevents'
import t from 'tap'
import { testHost } from '../../support/host.ts'
import { httpServer } from '../../support/http-server.ts'
import { kubectl, kubectlJson, kubectlWith } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'

const FUNCTIONS = 'gx4ki'
const COMPONENT = 'knative/components/job-events/job-events.yaml'

await t.test('jobs as events: an event requests a job, and a Trigger delivers the events of this job', {
  skip: process.env['E2E'] === 'lean' && 'the SinkBindings of this component need Knative Services'
}, async (t) => {
  const host = await testHost(t, { '*': { TAKE_JOB_REQUESTS: 'true' } })
  const { url: uri, received } = await httpServer(t)
  const listener = {
    apiVersion: 'eventing.knative.dev/v1',
    kind: 'Trigger',
    metadata: { name: 'listener', namespace: FUNCTIONS },
    spec: { broker: 'gx4ki', subscriber: { uri } }
  }
  t.teardown(() => {
    kubectl('delete', 'trigger', 'listener', '-n', FUNCTIONS, '--ignore-not-found')
    kubectl('delete', '-f', COMPONENT, '--ignore-not-found')
  })
  kubectlWith(JSON.stringify(listener), 'apply', '-f', '-')
  kubectl('apply', '-f', COMPONENT)
  kubectl('wait', '--for=condition=Ready', '--timeout=120s', '-n', FUNCTIONS, 'sinkbinding,trigger', '--all')
  await poll('both functions have K_SINK', () =>
    ['deploy', 'job-completed'].every((name) => {
      const { spec } = kubectlJson<{ spec: { template: { spec: { containers: { env: { name: string }[] }[] } } } }>(
        'get',
        'ksvc',
        name,
        '-n',
        FUNCTIONS
      )
      return spec.template.spec.containers[0]!.env.some(({ name }) => name === 'K_SINK')
    }), 60)
  kubectl('wait', '--for=condition=Ready', '--timeout=120s', '-n', FUNCTIONS, 'ksvc', '--all')

  const request = new CloudEvent({
    id: randomUUID(),
    type: 'org.gx4ki.job.requested',
    source: '/test',
    data: { template: 'script', env: { SCRIPT: 'echo a > a.txt' } }
  })
  const { headers, body } = HTTP.binary(request)
  const { spec } = kubectlJson<{ spec: { clusterIP: string } }>(
    'get',
    'service',
    'broker-ingress',
    '-n',
    'knative-eventing'
  )
  // Twice, because a Broker may deliver an event more than once.
  for (let times = 0; times < 2; times++) {
    t.equal(
      (await fetch(`http://${spec.clusterIP}/${FUNCTIONS}/gx4ki`, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: body as string
      })).status,
      202
    )
  }
  const told = (type: string) => received.filter((one) => one.headers['ce-type'] === `org.gx4ki.job.${type}`)
  await poll('the succeeded event has arrived', () => told('succeeded').length > 0)
  const ids = new Set(
    received.map((one) => one.headers['ce-subject']).filter((_, i) =>
      String(received[i]!.headers['ce-type']).startsWith('org.gx4ki.job.') &&
      received[i]!.headers['ce-type'] !== 'org.gx4ki.job.requested'
    )
  )
  t.equal(ids.size, 1, 'two deliveries of the same request create one job')
  const [id] = ids as Set<string>
  t.ok(told('accepted').length >= 1, 'the answer to the request is also an event')
  t.match(JSON.parse(told('succeeded')[0]!.body.toString()), {
    state: 'succeeded',
    links: { results: `${host.url}/job/${id}/result/list` }
  })
  t.match(await host.job(id!), { state: 'succeeded' })
  t.equal(await (await host.result(id!, 'a.txt')).text(), 'a\n')

  // The Broker sends such data to deploy without a content type.
  const plain = { specversion: '1.0', id: randomUUID(), type: 'org.gx4ki.job.requested', source: '/plain' }
  t.equal(
    (await fetch(`http://${spec.clusterIP}/${FUNCTIONS}/gx4ki`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({ ...plain, data: { template: 'script', env: { SCRIPT: 'echo b > b.txt' } } })
    })).status,
    202
  )
  const plainJob = await poll('a structured event without datacontenttype has requested a job', async () =>
    (await host.jobs()).find(({ owner }) => owner === 'event:/plain'))
  await host.reaches(plainJob.job_uuid, 'succeeded')
  t.equal(await (await host.result(plainJob.job_uuid, 'b.txt')).text(), 'b\n')
})
