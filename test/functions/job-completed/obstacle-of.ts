import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import { interruptionOf, obstacleOf } from '../../../functions/job-completed/obstacle-of.ts'

const now = new Date('2026-11-22T12:00:00Z')
const job: V1Job = { metadata: {}, status: { active: 1, startTime: now } }

function podIn (status: object, waiting: Record<string, object> = {}): V1Pod {
  return {
    metadata: { uid: 'pod' },
    spec: { containers: [{ name: 'istio-proxy' }, { name: 'migrate' }] },
    status: {
      phase: 'Pending',
      ...status,
      containerStatuses: Object.entries(waiting).map(([name, state]) => ({ name, state: { waiting: state } })) as
        V1ContainerStatus[]
    }
  }
}

await t.test('a container that cannot start, with the words of the kubelet', async (t) => {
  const starting = { reason: 'PodInitializing' }
  const missing = { reason: 'CreateContainerConfigError', message: 'configmap "app-config" not found' }
  t.same(obstacleOf(job, [podIn({}, { 'istio-proxy': starting, migrate: missing })], now), {
    reason: 'CreateContainerConfigError',
    message: 'configmap "app-config" not found (container migrate).'
  })
  t.same(obstacleOf(job, [podIn({}, { migrate: { reason: 'ImagePullBackOff' } })], now), {
    reason: 'ImagePullBackOff',
    message: 'It waits (container migrate).'
  })
  t.equal(obstacleOf(job, [podIn({}, { 'istio-proxy': starting, migrate: { reason: 'ContainerCreating' } })], now), undefined)
})

await t.test('a pod that no node can take, and one whose node is gone', async (t) => {
  const unscheduled = {
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }]
  }
  t.same(obstacleOf(job, [podIn(unscheduled)], now), {
    reason: 'Unschedulable',
    message: '0/3 nodes are available.'
  })
  const lost = { phase: 'Running', reason: 'NodeLost', message: 'Node a which was running pod b is unresponsive' }
  t.match(interruptionOf(job, [podIn(lost)]), { reason: 'NodeLost', message: /Node a which was running pod b is unres/ })
})

await t.test('a queue is named, because it may not exist', async (t) => {
  const suspended = { spec: { suspend: true } as V1Job['spec'] & object }
  t.same(obstacleOf({ ...suspended, metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'gpus' } } }, [], now), {
    reason: 'Suspended',
    message: 'The Job waits in the queue gpus; if it never starts, check that there is such a queue.'
  })
  t.same(obstacleOf(suspended, [], now), { reason: 'Suspended', message: 'The Job is suspended.' })
})
