import { createServer, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { createApiServerSource } from '../../../../knative/local/eventing/api-server-source.ts'
import { readManifests } from '../../../../knative/local/manifests.ts'
import { kubeconfigFor } from '../../../support/cluster-at.ts'
import { httpServer, type Received } from '../../../support/http-server.ts'
import { listen } from '../../../support/listen.ts'
import { jobOf, namespace, shell, testKubernetes } from '../../../support/local-kubernetes.ts'
import { poll } from '../../../support/poll.ts'

const manifest = readManifests('knative/base')['sources.knative.dev/v1/ApiServerSource'][0]!
const labels = { 'app.kubernetes.io/managed-by': 'gx4ki-jobs' }
const ours = (name: string, script = 'true') => {
  const job = jobOf(name, [shell('main', script)])
  return { namespace, body: { ...job, metadata: { ...job.metadata, labels } } }
}

/** A source for one test. It is not started yet. */
function sourceOf (t: Test, kubeconfig: string, sink: string) {
  const lines: string[] = []
  const source = createApiServerSource(manifest, { kubeconfig, sink, log: (line) => lines.push(line) })
  t.teardown(() => source.stop())
  return { ...source, lines }
}

const changes = (received: Received[], name?: string) =>
  received
    .filter(({ headers }) => name === undefined || headers['ce-name'] === name)
    .map(({ headers }) => String(headers['ce-type']).split('.').at(-1))

await t.test('every change of a selected Job is an event as from the real adapter', async (t) => {
  const kubernetes = await testKubernetes(t)
  const sink = await httpServer(t)
  await sourceOf(t, kubernetes.kubeconfig, sink.url).start()

  await kubernetes.batch.createNamespacedJob({ namespace, body: jobOf('foreign', [shell('main', 'true')]) })
  await kubernetes.batch.createNamespacedJob(ours('one'))
  const finished = ({ body }: Received) =>
    JSON.parse(body.toString()).status.conditions?.some(({ type }: { type: string }) => type === 'Complete')
  await poll('the Job is complete', () => sink.received.some(finished))
  await kubernetes.batch.deleteNamespacedJob({ namespace, name: 'one', propagationPolicy: 'Background' })
  await poll('the Job is deleted', () => changes(sink.received).includes('delete'))

  t.match(changes(sink.received), ['add', 'update'])
  t.equal(changes(sink.received).lastIndexOf('delete'), sink.received.length - 1, 'in the order of the changes')
  t.equal(sink.received.findIndex(finished) > 1, true)
  for (const { headers, body } of sink.received) {
    t.match(headers, {
      'ce-specversion': '1.0',
      'ce-id': /^[0-9a-f-]{36}$/,
      'ce-time': /Z$/,
      'ce-source': kubernetes.url,
      'ce-subject': `/apis/batch/v1/namespaces/${namespace}/jobs/one`,
      'ce-kind': 'Job',
      'ce-apiversion': 'batch/v1',
      'ce-name': 'one',
      'ce-namespace': namespace,
      'kn-namespace': namespace,
      'content-type': 'application/json',
      'ce-datacontenttype': undefined
    })
    t.match(JSON.parse(body.toString()), {
      kind: 'Job',
      apiVersion: 'batch/v1',
      metadata: { name: 'one', uid: /./, labels },
      spec: { template: {} }
    })
  }
  t.equal(new Set(sink.received.map(({ headers }) => headers['ce-id'])).size, sink.received.length)
})

await t.test('changes while it is stopped are lost, and existing Jobs make no event', async (t) => {
  const kubernetes = await testKubernetes(t)
  const sink = await httpServer(t)
  const source = sourceOf(t, kubernetes.kubeconfig, sink.url)
  await kubernetes.batch.createNamespacedJob(ours('before'))
  await poll(
    'it has ended',
    async () => (await kubernetes.batch.readNamespacedJob({ namespace, name: 'before' })).status?.succeeded
  )
  await source.start()
  await kubernetes.batch.createNamespacedJob(ours('seen', 'sleep 60'))
  await poll('the first is seen', () => changes(sink.received, 'seen').length > 0)
  await source.stop()
  await kubernetes.batch.deleteNamespacedJob({ namespace, name: 'seen', propagationPolicy: 'Background' })
  await kubernetes.batch.createNamespacedJob(ours('unseen'))
  await poll(
    'it has ended',
    async () => (await kubernetes.batch.readNamespacedJob({ namespace, name: 'unseen' })).status?.succeeded
  )
  const before = sink.received.length
  await source.start()
  await kubernetes.batch.createNamespacedJob(ours('after', 'sleep 60'))
  await poll('the next is seen', () => changes(sink.received, 'after').length > 0)
  t.strictSame(
    sink.received.slice(before).map(({ headers }) => headers['ce-name']).filter((name) => name !== 'after'),
    []
  )
  t.notOk(changes(sink.received, 'seen').includes('delete'))
  t.strictSame(changes(sink.received, 'before'), [])
})

await t.test('events are sent one by one: a slow or unavailable sink delays the others, and a refused event is lost', async (t) => {
  const kubernetes = await testKubernetes(t)
  let open = 0
  let most = 0
  const held: ServerResponse[] = []
  const sink = await httpServer(t, (_, response) => {
    most = Math.max(most, ++open)
    held.push(response)
  })
  const source = sourceOf(t, kubernetes.kubeconfig, sink.url)
  await source.start()
  const answer = async (status: number) => {
    const response = await poll('an event', () => held.shift())
    open--
    response.writeHead(status).end()
  }
  await kubernetes.batch.createNamespacedJob(ours('one'))
  await poll(
    'the Job has ended',
    async () => (await kubernetes.batch.readNamespacedJob({ namespace, name: 'one' })).status?.succeeded
  )
  t.equal(sink.received.length, 1, 'all other changes wait')
  await answer(503)
  await answer(202)
  await answer(500)
  await answer(202)
  await poll('the next', () => held.length === 1)
  const ids = sink.received.map(({ headers }) => headers['ce-id'])
  t.equal(ids[0], ids[1], 'the 503 is retried')
  t.equal(new Set(ids).size, 4, 'the 500 is not')
  t.equal(most, 1)
  t.match(source.lines, [/lost dev\.knative\.apiserver\.resource\.update of one/])
})

/** An API server that has only the list and the watch of Jobs. The test controls both. */
async function fakeApi (t: Test) {
  const watches: Array<{ version: string | null, response: ServerResponse }> = []
  const api = { version: '100', watches, expired: false, kubeconfig: '' }
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://x')
    response.setHeader('content-type', 'application/json')
    if (!searchParams.has('watch')) {
      return response.end(
        JSON.stringify({
          kind: 'JobList',
          apiVersion: 'batch/v1',
          metadata: { resourceVersion: api.version },
          items: []
        })
      )
    }
    if (api.expired) return response.writeHead(410).end(JSON.stringify({ kind: 'Status', code: 410 }))
    response.flushHeaders()
    watches.push({ version: searchParams.get('resourceVersion'), response })
  })
  api.kubeconfig = kubeconfigFor(t, await listen(t, server))
  return api
}

const change = (type: string, resourceVersion: string) =>
  `${
    JSON.stringify({
      type,
      object: {
        kind: 'Job',
        apiVersion: 'batch/v1',
        metadata: { name: `j${resourceVersion}`, namespace, resourceVersion }
      }
    })
  }\n`

await t.test('an interrupted watch continues from the last version', async (t) => {
  const api = await fakeApi(t)
  const sink = await httpServer(t)
  await sourceOf(t, api.kubeconfig, sink.url).start()
  const first = await poll('the watch', () => api.watches[0])
  t.equal(first.version, '100')
  first.response.write(change('ADDED', '101') + change('BOOKMARK', '107'))
  await poll('the event', () => sink.received.length === 1)
  first.response.destroy()
  const second = await poll('the next watch', () => api.watches[1])
  t.equal(second.version, '107')
  second.response.write(change('MODIFIED', '108'))
  await poll('the event', () => sink.received.length === 2)
  t.strictSame(changes(sink.received), ['add', 'update'], 'a bookmark is no event')
})

await t.test('after a 410 it lists again, and the changes in between are lost', async (t) => {
  const api = await fakeApi(t)
  const sink = await httpServer(t)
  const source = sourceOf(t, api.kubeconfig, sink.url)
  await source.start()
  const first = await poll('the watch', () => api.watches[0])
  api.version = '200'
  first.response.write(
    `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`
  )
  first.response.end()
  t.equal((await poll('a watch from the new list', () => api.watches[1])).version, '200', 'the 410 came in the watch')
  api.version = '300'
  api.expired = true
  api.watches[1]!.response.end()
  await poll('two log lines', () => source.lines.filter((line) => line.includes('expired')).length === 2)
  api.expired = false
  t.equal((await poll('a watch from the newest list', () => api.watches[2])).version, '300', 'the 410 came as the HTTP status')
  t.strictSame(sink.received, [])
})
