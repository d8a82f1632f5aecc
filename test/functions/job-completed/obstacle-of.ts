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
    message: 'configmap "app-config" not found (container migrate). Make it in the namespace of the jobs, or correct the ' +
      'template.'
  })
  t.same(obstacleOf(job, [podIn({}, { migrate: { reason: 'ImagePullBackOff' } })], now), {
    reason: 'ImagePullBackOff',
    message: 'The image cannot be pulled (container migrate). Check the name of the image in the template, and its pull ' +
      'secret.'
  })
  t.equal(obstacleOf(job, [podIn({}, { 'istio-proxy': starting, migrate: { reason: 'ContainerCreating' } })], now), undefined)
})

await t.test('a pod that no node can take, and one whose node is gone', async (t) => {
  const unscheduled = {
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }]
  }
  t.same(obstacleOf(job, [podIn(unscheduled)], now), {
    reason: 'Unschedulable',
    message: '0/3 nodes are available. Wait for other jobs to end, or ask for less in the template.'
  })
  const lost = { phase: 'Running', reason: 'NodeLost', message: 'Node a which was running pod b is unresponsive' }
  t.match(interruptionOf(job, [podIn(lost)]), { reason: 'NodeLost', message: /^The node of the pod does not answer\. Node a which was running pod b is unres.* The job goes on/ })
})

await t.test('a queue is named, because it may not exist', async (t) => {
  const suspended = { spec: { suspend: true } as V1Job['spec'] & object }
  t.same(obstacleOf({ ...suspended, metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'gpus' } } }, [], now), {
    reason: 'Suspended',
    message: 'The Job waits in the queue gpus. If it stays so, check that its queue exists and has room, and what has ' +
      'set spec.suspend.'
  })
  t.match(obstacleOf(suspended, [], now), { reason: 'Suspended', message: /^The Job is suspended\. If it stays so, / })
})
