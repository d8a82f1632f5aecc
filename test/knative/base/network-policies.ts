import t from 'tap'
import { readInstalled, type Manifest } from '../../support/read-yaml.ts'

const objects = readInstalled()
const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy')
const named = (namespace: string, name: string) =>
  policies.filter(({ metadata }) => metadata.namespace === namespace && metadata.name === name)

interface Peer {
  namespaceSelector?: { matchLabels?: Record<string, string> }
  podSelector?: { matchLabels: Record<string, string> }
  ipBlock?: { cidr: string }
}
const namespaceOf = ({ namespaceSelector }: Peer) => namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name']
const peersOf = ({ spec }: Manifest): Peer[] => (spec.egress ?? []).flatMap(({ to }: { to?: Peer[] }) => to ?? [{}])

await t.test('ingress to both namespaces and egress of the jobs are denied by default', async (t) => {
  t.match(named('gx4ki', 'default-deny')[0]?.spec, { podSelector: {}, policyTypes: ['Ingress'] })
  const [jobs] = named('gx4ki-jobs', 'default-deny')
  t.match(jobs?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
  t.notOk(jobs?.spec.ingress ?? jobs?.spec.egress)
})

await t.test('a job reaches only DNS, the upload proxy and the store, and has no ingress', async (t) => {
  const ofJobs = policies.filter(({ metadata, spec }) =>
    metadata.namespace === 'gx4ki-jobs' && spec.podSelector.matchLabels?.['eventing.knative.dev/source'] === undefined
  )
  t.notOk(ofJobs.some(({ spec }) => spec.ingress))
  const reached = ofJobs.flatMap((policy) =>
    peersOf(policy).map((
      peer
    ) => [
      policy.metadata.name,
      namespaceOf(peer) ?? peer.ipBlock?.cidr,
      peer.podSelector?.matchLabels['app.kubernetes.io/name']
    ])
  )
  t.strictSame(reached, [
    ['dns', 'kube-system', undefined],
    ['uploads', 'gx4ki', 'uploads'],
    ['store', 'gx4ki', 'minio'],
    ['store', '192.0.2.10/32', undefined]
  ])
})

await t.test('the policies of jobs select pods by the label of a job', async (t) => {
  for (const { spec } of ['uploads', 'store'].flatMap((name) => named('gx4ki-jobs', name))) {
    t.strictSame(spec.podSelector.matchLabels, { 'app.kubernetes.io/managed-by': 'gx4ki-jobs' })
  }
})

await t.test('the upload address of jobs is that of the upload proxy', async (t) => {
  const door = objects.find(({ apiVersion, kind, metadata }) =>
    apiVersion === 'v1' && kind === 'Service' && metadata.name === 'uploads'
  )!
  const { data } = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'gx4ki-settings')!
  t.equal(data.UPLOAD_URL, `http://${door.metadata.name}.${door.metadata.namespace}.svc.cluster.local`)
  t.strictSame(door.spec.ports, [{ port: 80, targetPort: 8080 }])
})
