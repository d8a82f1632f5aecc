import { availableParallelism, totalmem } from 'node:os'
import t from 'tap'
import { fieldOf, resourceOf } from '../../../../knative/local/kubernetes/downward.ts'
import type { Pod } from '../../../../knative/local/kubernetes/objects.ts'

const main = {
  name: 'main',
  resources: { limits: { cpu: '1500m', memory: '1Gi' }, requests: { cpu: '100m', 'ephemeral-storage': '5G' } }
}
const other = { name: 'other', resources: { requests: { cpu: '8.05' } } }
const pod = {
  metadata: { name: 'p', namespace: 'n', uid: 'u', labels: { 'a/b': 'c' }, annotations: { d: 'e' } },
  spec: { containers: [main, other], serviceAccountName: 's' },
  status: {}
} as unknown as Pod

await t.test('a field of the pod', (t) => {
  const cases = {
    'metadata.name': 'p',
    'metadata.namespace': 'n',
    'metadata.uid': 'u',
    "metadata.labels['a/b']": 'c',
    "metadata.labels['absent']": '',
    "metadata.annotations['d']": 'e',
    'spec.serviceAccountName': 's',
    'spec.nodeName': 'local',
    'status.podIP': '127.0.0.1',
    'status.hostIP': '127.0.0.1'
  }
  for (const [path, value] of Object.entries(cases)) t.equal(fieldOf(pod, path), value, path)
  t.end()
})

await t.test('a resource of a container, in units of the divisor and rounded up', (t) => {
  const cases: [object, string | number][] = [
    [{ resource: 'limits.cpu' }, 2],
    [{ resource: 'limits.cpu', divisor: '1m' }, 1500],
    [{ resource: 'limits.cpu', divisor: '0' }, 2],
    [{ resource: 'requests.cpu', divisor: '1m' }, 100],
    [{ resource: 'requests.cpu', divisor: '1m', containerName: 'other' }, 8050],
    [{ resource: 'limits.memory' }, 2 ** 30],
    [{ resource: 'limits.memory', divisor: '1Mi' }, 1024],
    [{ resource: 'limits.memory', divisor: '1M' }, 1074],
    [{ resource: 'requests.memory', divisor: '1Mi' }, 1024],
    [{ resource: 'requests.ephemeral-storage', divisor: '1Gi' }, 5],
    [{ resource: 'requests.memory', containerName: 'other' }, 0],
    [{ resource: 'limits.cpu', containerName: 'other' }, availableParallelism()],
    [{ resource: 'limits.memory', containerName: 'other' }, totalmem()]
  ]
  for (const [reference, value] of cases) {
    t.equal(resourceOf(pod, main, reference as { resource: string }), String(value), JSON.stringify(reference))
  }
  t.end()
})
