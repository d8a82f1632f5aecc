import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as models from '@kubernetes/client-node'
import t from 'tap'
import { jobObject } from '../../../functions/deploy/start/job-object.ts'
import { parseTemplate } from '../../../functions/deploy/templates/read-templates.ts'
import { restrictedViolations } from '../../support/pod-security.ts'
import { type Manifest, readInstalled, readYaml } from '../../support/read-yaml.ts'
import { secretPlaces } from '../../support/secret-places.ts'

const objects = readYaml('knative/base')
const named = (kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)!
const settings: Record<string, string> = named('ConfigMap', 'gx4ki-settings').data
const listed = (name: string, key: string): string[] => named('ConfigMap', name).data[key].split('\n').filter(Boolean)
const images = listed('gx4ki-images', 'images')
const secrets = listed('gx4ki-secrets', 'secrets')

const isIn = (list: string[], name: string) =>
  list.some((one) => one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name)

/** The labels that a job may have: those of the list, and those that the policy always allows. */
function isLabelAllowed (label: string): boolean {
  const { variables } = named('ValidatingAdmissionPolicy', 'gx4ki-jobs-labels').spec
  const { expression } = variables.find(({ name }: { name: string }) => name === 'always')
  const always = JSON.parse(expression.replaceAll("'", '"')) as string[]
  return isIn([...always, ...listed('gx4ki-labels', 'labels')], label)
}

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
      t.ok(isIn(images, image!), `${file}: ${image}`)
    }
    t.equal(pod.automountServiceAccountToken, false)
    t.equal(pod.serviceAccountName, undefined, 'the ServiceAccount default, which has no rights')
    t.strictSame(restrictedViolations(pod), [], 'Pod Security')
    for (const { name } of pod.imagePullSecrets ?? []) t.ok(secrets.includes(name!), `${file}: the Secret ${name}`)
    const { metadata, spec } = job
    for (const label of Object.keys({ ...metadata!.labels, ...spec!.template.metadata!.labels })) {
      t.ok(isLabelAllowed(label), `${file}: the label ${label}`)
    }
  }
})

await t.test('each allowed image is a full name, or a prefix with registry and path', async (t) => {
  for (const one of images) t.match(one, /^[a-z0-9.-]+\.[a-z]+\/[^*]+\*?$/)
})

await t.test('Jobs and pods are checked by each policy, and refused when it cannot be evaluated', async (t) => {
  const lists = { 'gx4ki-jobs': 'gx4ki-images', 'gx4ki-jobs-secrets': 'gx4ki-secrets', 'gx4ki-jobs-labels': 'gx4ki-labels' }
  for (const [name, list] of Object.entries(lists)) {
    const { failurePolicy, paramKind, matchConstraints } = named('ValidatingAdmissionPolicy', name).spec
    t.match({ failurePolicy, paramKind }, { failurePolicy: 'Fail', paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } })
    t.strictSame(resourcesOf(matchConstraints), ['jobs', 'pods'])
    t.match(named('ValidatingAdmissionPolicyBinding', name).spec, {
      policyName: name,
      paramRef: { name: list, namespace: 'gx4ki', parameterNotFoundAction: 'Deny' }
    })
  }
})

await t.test('each policy denies, and only in the namespace of the jobs', async (t) => {
  const bindings = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
  const policies = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
  t.strictSame(bindings.map(({ spec }) => spec.policyName), policies.map(({ metadata }) => metadata.name))
  for (const { spec } of bindings) {
    t.match(spec, {
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': settings.JOBS_NAMESPACE } } }
    })
  }
})

await t.test('no Secret may be made that Kubernetes fills with a token', async (t) => {
  const { failurePolicy, matchConstraints } = named('ValidatingAdmissionPolicy', 'gx4ki-jobs-tokens').spec
  t.equal(failurePolicy, 'Fail')
  t.strictSame(resourcesOf(matchConstraints), ['secrets'])
})

await t.test('the lists are in a namespace where no function may write', async (t) => {
  const writable = objects.filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace)
  for (const name of ['gx4ki-images', 'gx4ki-secrets', 'gx4ki-labels']) {
    t.notOk(writable.includes(named('ConfigMap', name).metadata.namespace), name)
  }
})

await t.test('no label that a job may have selects it for what is not for jobs', async (t) => {
  const selectors = readInstalled().flatMap((object) => selectorsOf(object))
  t.ok(selectors.some(({ labels }) => labels.includes('eventing.knative.dev/source')))
  for (const { labels, from } of selectors) {
    const isOfJobs = labels.join() === 'app.kubernetes.io/managed-by'
    t.ok(isOfJobs || labels.some((label) => !isLabelAllowed(label)), `${from}: ${labels.join()}`)
  }
})

await t.test('the places where a pod can name a Secret are those of the API of Kubernetes', async (t) => {
  t.strictSame(Object.keys(secretPlaces).sort(), placesIn('V1PodSpec').sort())
})

function resourcesOf ({ resourceRules }: { resourceRules: { resources: string[] }[] }): string[] {
  return resourceRules.flatMap(({ resources }) => resources).sort()
}

interface Selector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string }[]
}
interface Peer {
  namespaceSelector?: Selector
  podSelector?: Selector
}

/** The labels of each selector for pods in the namespace of the jobs, without the selectors of all pods. */
function selectorsOf ({ kind, metadata, spec }: Manifest): { from: string, labels: string[] }[] {
  const found: Selector[] = []
  if (metadata.namespace === settings['JOBS_NAMESPACE']) {
    found.push(spec?.podSelector ?? {}, kind === 'Service' ? { matchLabels: spec.selector } : spec?.selector ?? {})
  }
  const rules: { from?: Peer[], to?: Peer[] }[] = [...spec?.ingress ?? [], ...spec?.egress ?? []]
  for (const { namespaceSelector, podSelector } of rules.flatMap(({ from = [], to = [] }) => [...from, ...to])) {
    const namespace = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] ?? metadata.namespace
    if (namespace === settings['JOBS_NAMESPACE'] && podSelector !== undefined) found.push(podSelector)
  }
  return found
    .map(({ matchLabels = {}, matchExpressions = [] }) => ({
      from: `${kind} ${metadata.name}`,
      labels: [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)]
    }))
    .filter(({ labels }) => labels.length > 0)
}

/** Where an object of this type of client-node names a Secret, as paths of its fields. */
function placesIn (type: string, seen: string[] = []): string[] {
  const item = /^Array<(.*)>$/.exec(type)?.[1]
  if (item !== undefined) return placesIn(item, seen).map((path) => `[]${path}`)
  const model = (models as Record<string, any>)[type]
  if (seen.includes(type) || typeof model?.getAttributeTypeMap !== 'function') return []
  const fields = model.getAttributeTypeMap() as { baseName: string, type: string }[]
  return fields.flatMap(({ baseName, type: of }) => {
    if (baseName === 'imagePullSecrets') return ['.imagePullSecrets[].name']
    if (/^secret(Ref|KeyRef|Name)$|SecretRef$/.test(baseName) || of === 'V1SecretProjection') return [`.${baseName}`]
    return placesIn(of, [...seen, type]).map((path) => `.${baseName}${path}`)
  }).map((path) => seen.length === 0 ? path.slice(1) : path)
}
