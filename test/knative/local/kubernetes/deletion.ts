import { existsSync } from 'node:fs'
import t from 'tap'
import {
  hasEnded,
  jobOf,
  jobsPath,
  type Kubernetes,
  namespace,
  podOf,
  request,
  shell,
  testKubernetes,
  watchAll
} from '../../../support/local-kubernetes.ts'
import { poll } from '../../../support/poll.ts'

const isRunning = ({ status }: { status?: { phase?: string } }): boolean => status?.phase === 'Running'

/** A running Job with a ConfigMap and a Secret of its own. */
async function startJob ({ batch, core }: Kubernetes, name: string): Promise<void> {
  const { metadata } = await batch.createNamespacedJob({
    namespace,
    body: jobOf(name, [shell('main', 'trap "exit 0" TERM; while :; do sleep 0.05; done')])
  })
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: metadata!.uid! }]
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, ownerReferences } } })
  await core.createNamespacedSecret({ namespace, body: { metadata: { name, ownerReferences } } })
}

const absent = async (read: Promise<unknown>): Promise<boolean> =>
  await read.then(() => false, ({ code }) => code === 404)

async function allGone ({ batch, core }: Kubernetes, name: string): Promise<boolean> {
  const { items } = await core.listNamespacedPod({ namespace })
  const gone = await Promise.all([
    absent(batch.readNamespacedJob({ namespace, name })),
    absent(core.readNamespacedConfigMap({ namespace, name })),
    absent(core.readNamespacedSecret({ namespace, name }))
  ])
  return items.length === 0 && gone.every(Boolean)
}

await t.test('Background removes the Job at once, and then the objects that it owns', async (t) => {
  const kubernetes = await testKubernetes(t)
  const pods = await watchAll(t, kubernetes, 'pods')
  await startJob(kubernetes, 'a')
  await podOf(kubernetes, 'a', isRunning)
  const answer = await kubernetes.batch.deleteNamespacedJob({
    namespace,
    name: 'a',
    body: { propagationPolicy: 'Background' }
  })
  t.match(answer, { kind: 'Status', status: 'Success', details: { name: 'a', group: 'batch', kind: 'jobs' } })
  await t.rejects(kubernetes.batch.readNamespacedJob({ namespace, name: 'a' }), { code: 404 })
  await poll('all to be gone', () => allGone(kubernetes, 'a'))
  await poll('the last event', async () => pods.at(-1)?.type === 'DELETED')
  t.match(pods.find(({ object }) => object.metadata.deletionTimestamp), {
    type: 'MODIFIED',
    object: { metadata: { deletionGracePeriodSeconds: 2 }, status: { phase: 'Running' } }
  })
})

await t.test('Foreground removes the Job after its pods', async (t) => {
  const kubernetes = await testKubernetes(t)
  const [jobs, pods] = [await watchAll(t, kubernetes, 'jobs'), await watchAll(t, kubernetes, 'pods')]
  await startJob(kubernetes, 'a')
  await podOf(kubernetes, 'a', isRunning)
  const answer = await request(kubernetes, 'DELETE', `${jobsPath}/a?propagationPolicy=Foreground`)
  t.match(answer.body, { kind: 'Job', metadata: { deletionTimestamp: String, finalizers: ['foregroundDeletion'] } })
  await poll('all to be gone', () => allGone(kubernetes, 'a'))
  await poll('the last events', async () => jobs.at(-1)?.type === 'DELETED' && pods.at(-1)?.type === 'DELETED')
  t.ok(Number(pods.at(-1)?.object.metadata.resourceVersion) < Number(jobs.at(-1)?.object.metadata.resourceVersion))
})

await t.test('without a policy the pod keeps running and has no owner', async (t) => {
  const kubernetes = await testKubernetes(t)
  await startJob(kubernetes, 'a')
  const { metadata } = await podOf(kubernetes, 'a', isRunning)
  await kubernetes.batch.deleteNamespacedJob({ namespace, name: 'a' })
  await poll('the Job to be gone', () => absent(kubernetes.batch.readNamespacedJob({ namespace, name: 'a' })))
  const pod = await kubernetes.core.readNamespacedPod({ namespace, name: metadata!.name! })
  t.same([pod.status?.phase, pod.metadata?.deletionTimestamp, pod.metadata?.ownerReferences], [
    'Running',
    undefined,
    []
  ])
  t.same((await kubernetes.core.readNamespacedConfigMap({ namespace, name: 'a' })).metadata?.ownerReferences, [])
})

await t.test('an object whose owner does not exist is removed', async (t) => {
  const kubernetes = await testKubernetes(t)
  const ownerReferences = [{
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: 'gone',
    uid: '00000000-0000-0000-0000-000000000000'
  }]
  await kubernetes.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'late', ownerReferences } } })
  await poll('the ConfigMap to be gone', () => absent(kubernetes.core.readNamespacedConfigMap({ namespace, name: 'late' })))
  t.same((await kubernetes.core.listNamespacedConfigMap({ namespace })).items, [])
})

await t.test('with an ended Job, its pod and the files of the pod are removed at once', async (t) => {
  const kubernetes = await testKubernetes(t)
  const pods = await watchAll(t, kubernetes, 'pods')
  await kubernetes.batch.createNamespacedJob({ namespace, body: jobOf('a', [shell('main', 'true')]) })
  const { metadata } = await podOf(kubernetes, 'a', hasEnded)
  const files = `${kubernetes.dir}/pods/${metadata?.uid}`
  t.ok(existsSync(files))
  await kubernetes.batch.deleteNamespacedJob({ namespace, name: 'a', propagationPolicy: 'Background' })
  await poll('the pod to be gone', async () => pods.at(-1)?.type === 'DELETED')
  t.same(pods.filter(({ object }) => object.metadata.deletionTimestamp), [])
  t.notOk(existsSync(files))
})
