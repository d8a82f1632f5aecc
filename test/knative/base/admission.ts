import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { jobObject } from '../../../functions/deploy/start/job-objects.ts'
import { parseTemplate } from '../../../functions/deploy/templates/read-templates.ts'
import { restrictedViolations } from '../../support/pod-security.ts'
import { readYaml } from '../../support/read-yaml.ts'

const objects = readYaml('knative/base')
const named = (kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)!
const policy = named('ValidatingAdmissionPolicy', 'gx4ki-jobs')
const binding = named('ValidatingAdmissionPolicyBinding', 'gx4ki-jobs')
const settings: Record<string, string> = named('ConfigMap', 'gx4ki-settings').data
const allowed: string[] = named('ConfigMap', 'gx4ki-images').data.images.split('\n').filter(Boolean)

const isAllowed = (image: string) =>
  allowed.some((one) => one.endsWith('*') ? image.startsWith(one.slice(0, -1)) : one === image)

await t.test('the Job that deploy makes from each template is admitted', async (t) => {
  const folder = 'knative/templates'
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    const template = parseTemplate(readFileSync(join(folder, file), 'utf8'))
    const job = jobObject(template, 'id', { plain: {}, secret: {} }, {
      namespace: 'gx4ki-jobs',
      image: settings.IMAGE!,
      uploadUrl: settings.UPLOAD_URL!
    })
    const pod = job.spec!.template.spec!
    for (const { image } of [...pod.containers, ...pod.initContainers ?? []]) {
      t.ok(isAllowed(image!), `${file}: ${image}`)
    }
    t.equal(pod.automountServiceAccountToken, false)
    t.equal(pod.serviceAccountName, undefined, 'the ServiceAccount default, which has no rights')
    t.strictSame(restrictedViolations(pod), [], 'Pod Security')
  }
})

await t.test('each allowed image is a full name, or a prefix with registry and path', async (t) => {
  for (const one of allowed) t.match(one, /^[a-z0-9.-]+\.[a-z]+\/[^*]+\*?$/)
})

await t.test('Jobs and pods are checked by the policy, and refused when it cannot be evaluated', async (t) => {
  const { failurePolicy, paramKind, matchConstraints } = policy.spec
  t.match({ failurePolicy, paramKind }, { failurePolicy: 'Fail', paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } })
  t.strictSame(matchConstraints.resourceRules.flatMap((rule: { resources: string[] }) => rule.resources).sort(), [
    'jobs',
    'pods'
  ])
  t.match(binding.spec, {
    policyName: 'gx4ki-jobs',
    paramRef: { name: 'gx4ki-images', namespace: 'gx4ki', parameterNotFoundAction: 'Deny' },
    validationActions: ['Deny'],
    matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': settings.JOBS_NAMESPACE } } }
  })
})

await t.test('the list of images is in a namespace where no function may write', async (t) => {
  const writable = objects.filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace)
  t.notOk(writable.includes(named('ConfigMap', 'gx4ki-images').metadata.namespace))
})
