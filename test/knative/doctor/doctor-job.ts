import t from 'tap'
import { doctorJob } from '../../../knative/doctor/doctor-job.ts'
import type { Service } from '../../../knative/doctor/as-operator/pod-of-service.ts'
import { restrictedViolations } from '../../support/pod-security.ts'
import { readInstalled, readYaml } from '../../support/read-yaml.ts'

const resultFetch = readYaml('knative/base').find(({ apiVersion, metadata }) =>
  apiVersion.startsWith('serving') && metadata.name === 'result-fetch'
) as unknown as Service
const { spec, metadata } = doctorJob(resultFetch, ['--fix', 'id'])
const pod = spec!.template.spec!
const [container] = pod.containers

await t.test('the pod of the doctor is restricted and has no token', async (t) => {
  t.strictSame(restrictedViolations(pod), [])
  t.match(pod, { automountServiceAccountToken: false, serviceAccountName: 'result-fetch', restartPolicy: 'Never' })
  t.match(container, { securityContext: { readOnlyRootFilesystem: true }, resources: { limits: { memory: String } } })
})

await t.test('the pod has the settings of the function that it copies, and another program', async (t) => {
  const { image, env, envFrom } = resultFetch.spec!.template!.spec!.containers[0]!
  t.match(container, { image, env, envFrom, command: ['node', 'dist/doctor.cjs', '--json', '--fix', 'id'] })
  t.notOk(container!.readinessProbe ?? container!.livenessProbe)
})

await t.test('the pod gets the additions of an overlay: a certificate and the key of a registry', async (t) => {
  const patched = structuredClone(resultFetch)
  const theirs = patched.spec!.template!.spec!
  theirs.imagePullSecrets = [{ name: 'registry' }]
  theirs.volumes = [{ name: 'ca', configMap: { name: 'ca' } }]
  theirs.containers[0]!.volumeMounts = [{ name: 'ca', mountPath: '/etc/ssl/certs/ca.crt' }]
  t.match(doctorJob(patched, []).spec!.template.spec, {
    imagePullSecrets: [{ name: 'registry' }],
    volumes: theirs.volumes,
    containers: [{ volumeMounts: [{ name: 'ca' }] }]
  })
  t.throws(
    () => doctorJob({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'result-fetch' } }, []),
    /no container/
  )
})

await t.test('the Job runs once, has a deadline and a TTL', async (t) => {
  t.match(spec, { backoffLimit: 0, activeDeadlineSeconds: Number, ttlSecondsAfterFinished: Number })
})

await t.test('the NetworkPolicy of the store in the minikube overlay allows the pod', async (t) => {
  const policy = readInstalled().find(({ kind, metadata }) =>
    kind === 'NetworkPolicy' && metadata.name === 'store' && metadata.namespace === 'gx4ki'
  )
  const { labels } = spec!.template.metadata!
  t.strictSame(labels, metadata!.labels)
  t.ok(
    policy!.spec.ingress[0].from.some((
      { namespaceSelector, podSelector }: { namespaceSelector?: object, podSelector: { matchLabels?: object } }
    ) => namespaceSelector === undefined && JSON.stringify(podSelector.matchLabels) === JSON.stringify(labels))
  )
})
