import t from 'tap'
import { admit } from '../../../../knative/local/kubernetes/admission.ts'
import { add, createStore } from '../../../../knative/local/kubernetes/store.ts'
import { watch } from '../../../../knative/local/kubernetes/watch.ts'
import {
  mergePatch,
  namespace,
  request,
  testKubernetes,
  watchAll,
  type WatchEvent
} from '../../../support/local-kubernetes.ts'
import { poll } from '../../../support/poll.ts'

const seen = (events: WatchEvent[]): string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.data?.n}`)

await t.test('a watch resumes after a resource version without a gap or a repetition', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { core } = kubernetes
  const path = (name: string): string => `/api/v1/namespaces/${namespace}/configmaps/${name}`
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'a' }, data: { n: '1' } } })
  const { metadata } = await core.listNamespacedConfigMap({ namespace })
  await request(kubernetes, 'PATCH', path('a'), { data: { n: '2' } }, mergePatch)
  await request(kubernetes, 'PATCH', path('a'), { data: { n: '2' } }, mergePatch)
  await core.createNamespacedConfigMap({ namespace: 'other', body: { metadata: { name: 'x' } } })
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'b' }, data: { n: '1' } } })
  const events = await watchAll(t, kubernetes, 'configmaps', { resourceVersion: metadata!.resourceVersion! })
  await core.deleteNamespacedConfigMap({ namespace, name: 'a' })
  await poll('the deletion', async () => events.at(-1)?.type === 'DELETED')
  t.same(seen(events), ['MODIFIED a 2', 'ADDED b 1', 'DELETED a 2'], 'a patch without a difference makes no event')
  const versions = events.map(({ object }) => Number(object.metadata.resourceVersion))
  t.same(versions, versions.toSorted((a, b) => a - b))

  const fresh = await watchAll(t, kubernetes, 'configmaps')
  await poll('the existing objects', async () => fresh.length)
  t.same(seen(fresh), ['ADDED b 1'])
})

await t.test('a watch shows an object as deleted when its labels stop matching, and as added when they match again', async (t) => {
  const kubernetes = await testKubernetes(t)
  const events = await watchAll(t, kubernetes, 'configmaps', { labelSelector: 'wanted=yes' })
  await kubernetes.core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'a', labels: { wanted: 'yes' } } }
  })
  for (const wanted of ['no', 'never', 'yes']) {
    await request(kubernetes, 'PATCH', `/api/v1/namespaces/${namespace}/configmaps/a`, {
      metadata: { labels: { wanted } }
    }, mergePatch)
  }
  await poll('three events', async () => events.length >= 3)
  t.same(events.map(({ type, object }) => `${type} ${object.metadata.labels.wanted}`), [
    'ADDED yes',
    'DELETED yes',
    'ADDED yes'
  ])
})

await t.test('an old, a foreign and a future resource version are expired', async (t) => {
  const body = { metadata: { generateName: 'a-' } }
  const { metadata } = await (await testKubernetes(t)).core.createNamespacedConfigMap({ namespace, body })
  await poll(
    'the clock is past the last version of the first instance',
    () => Date.now() > Number(metadata!.resourceVersion)
  )
  const kubernetes = await testKubernetes(t)
  for (let count = 0; count < 3; count++) await kubernetes.core.createNamespacedConfigMap({ namespace, body })
  for (const resourceVersion of ['1', metadata!.resourceVersion!, String(Date.now() * 2)]) {
    const events = await watchAll(t, kubernetes, 'configmaps', { resourceVersion })
    await poll('the answer', async () => events.length)
    t.match(events, [{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }])
  }
})

await t.test('a watch without events ends with a bookmark of the current version', async (t) => {
  const kubernetes = await testKubernetes(t)
  const events = await watchAll(t, kubernetes, 'jobs', { allowWatchBookmarks: true, timeoutSeconds: 1 })
  await kubernetes.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'elsewhere' } } })
  await poll('a bookmark', async () => events.length)
  const { metadata } = await kubernetes.batch.listNamespacedJob({ namespace })
  t.match(events, [{
    type: 'BOOKMARK',
    object: { kind: 'Job', metadata: { resourceVersion: metadata?.resourceVersion } }
  }])
})

await t.test('a reader that is too slow for the history must list again', async (t) => {
  const store = createStore()
  const lines = watch(store, 'configmaps', () => true, {
    resourceVersion: store.revision,
    bookmarks: false,
    signal: AbortSignal.timeout(10_000)
  })
  const addOne = (index: number): unknown =>
    add(store, 'configmaps', admit('configmaps', namespace, { metadata: { name: `n${index}` } }))
  addOne(0)
  t.match(JSON.parse((await lines.next()).value!), { type: 'ADDED', object: { metadata: { name: 'n0' } } })
  for (let index = 1; index <= 1001; index++) addOne(index)
  t.match(JSON.parse((await lines.next()).value!), { type: 'ERROR', object: { code: 410 } })
  t.ok((await lines.next()).done)
})
