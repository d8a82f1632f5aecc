import t from 'tap'
import { restrictedViolations } from '../../support/pod-security.ts'
import { readInstalled, readYaml } from '../../support/read-yaml.ts'

const objects = readInstalled()
const podsOf = objects.filter(({ apiVersion, kind }) =>
  kind === 'Deployment' || apiVersion.startsWith('serving.knative.dev/')
)

const restricted = Object.fromEntries(
  ['enforce', 'warn', 'audit'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted'])
)

await t.test('both namespaces admit only restricted pods', async (t) => {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace')
  t.strictSame(namespaces.map(({ metadata }) => metadata.name), ['gx4ki', 'gx4ki-jobs'])
  for (const { metadata } of namespaces) t.strictSame(metadata.labels, restricted, metadata.name)
})

await t.test('every pod of an installation is restricted and has a read-only root file system', async (t) => {
  t.strictSame(podsOf.map(({ metadata }) => metadata.name).sort(), [
    'deploy',
    'entry',
    'job-completed',
    'job-watch',
    'minio',
    'result-fetch',
    'result-upload',
    'uploads'
  ])
  for (const { metadata, spec } of podsOf) {
    const pod = spec.template.spec
    t.strictSame(restrictedViolations(pod), [], metadata.name)
    for (const container of [...pod.initContainers ?? [], ...pod.containers]) {
      t.equal(container.securityContext.readOnlyRootFilesystem, true, `${metadata.name}: ${container.name}`)
    }
    for (const container of pod.containers) {
      t.match(
        container.resources,
        { requests: { cpu: String, memory: String }, limits: { memory: String } },
        `${metadata.name}: resources`
      )
      t.match(container.image, /^[^@]+:(?!latest$)[\w.-]+$/, `${metadata.name}: a pinned image`)
    }
  }
})

await t.test('a token of the Kubernetes API is mounted only where it is used', async (t) => {
  const withToken = podsOf.filter(({ spec }) => spec.template.spec.automountServiceAccountToken !== false).map((
    { metadata }
  ) => metadata.name)
  t.strictSame(withToken.sort(), ['deploy', 'job-completed', 'job-watch'])
})

await t.test('a Secret is mounted only where it is used', async (t) => {
  const holders = (secret: string) =>
    podsOf.filter(({ spec }) => JSON.stringify(spec).includes(`"${secret}"`)).map(({ metadata }) => metadata.name)
      .sort()
  t.strictSame(holders('gx4ki-store'), [
    'deploy',
    'job-completed',
    'job-watch',
    'minio',
    'result-fetch',
    'result-upload'
  ])
  t.strictSame(holders('gx4ki-job-token'), ['deploy', 'result-upload'])
  t.strictSame(holders('gx4ki-api-keys'), ['deploy', 'job-watch', 'result-fetch'])
  t.strictSame(holders('gx4ki-result-token'), ['deploy', 'job-completed', 'result-fetch'])
  t.strictSame(holders('gx4ki-connector-secrets'), ['deploy', 'job-completed'])
  t.strictSame(objects.filter(({ kind }) => kind === 'Secret'), [], 'no file contains a Secret')
})

await t.test('every object is in one of the two namespaces', async (t) => {
  const places: Record<string, string[]> = {
    'gx4ki-jobs': [
      'ApiServerSource',
      'LimitRange',
      'NetworkPolicy',
      'ResourceQuota',
      'Role',
      'RoleBinding',
      'ServiceAccount'
    ]
  }
  for (const { kind, metadata } of readYaml('knative/base')) {
    if (['Namespace', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'].includes(kind)) continue
    const { namespace = 'none' } = metadata
    t.ok(namespace === 'gx4ki' || places[namespace]?.includes(kind), `${kind} ${metadata.name} in ${namespace}`)
  }
})

await t.test('the settings and the manifests name the same namespace for jobs', async (t) => {
  const { data } = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'gx4ki-settings')!
  const quota = objects.find(({ kind }) => kind === 'ResourceQuota')!
  const source = objects.find(({ kind }) => kind === 'ApiServerSource')!
  t.strictSame([quota.metadata.namespace, source.metadata.namespace], [data.JOBS_NAMESPACE, data.JOBS_NAMESPACE])
  t.equal(source.spec.serviceAccountName, 'job-events')
})

await t.test('no function has a public address', async (t) => {
  const services = objects.filter(({ apiVersion }) => apiVersion.startsWith('serving.knative.dev/'))
  t.equal(services.length, 5)
  for (const { metadata } of services) {
    t.equal(metadata.labels?.['networking.knative.dev/visibility'], 'cluster-local', metadata.name)
  }
})
