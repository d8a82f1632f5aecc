import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { V1Job, V1ObjectMeta, V1PodSpec } from '@kubernetes/client-node'
import t from 'tap'
import { jobObject } from '../../../functions/deploy/start/job-object.ts'
import { parseTemplate } from '../../../functions/deploy/templates/read-templates.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { kubectl, kubectlWith } from '../../support/kubectl.ts'
import { secretPlaces, withFields } from '../../support/secret-places.ts'

// Nothing is created here: the API server evaluates the policies in a dry run, too.
const TOKEN = kubectl('create', 'token', 'deploy', '-n', 'gx4ki').trim()
const FOLDER = 'knative/templates'
const settings = {
  namespace: 'gx4ki-jobs',
  image: 'dev.local/gx4ki-jobs:dev',
  uploadUrl: 'http://uploads.gx4ki.svc.cluster.local'
}

/** The Job that deploy makes from a template of the repository. */
function jobOf (file: string): V1Job {
  const template = parseTemplate(readFileSync(join(FOLDER, file), 'utf8'))
  return jobObject(template, newJobId(), { plain: { A: 'a' }, secret: { B: 'b' } }, settings)
}

const pod = (job: V1Job): V1PodSpec => job.spec!.template.spec!

/** The Job of the demo with additional fields in its pod. */
function jobWith (fields: Partial<V1PodSpec>): V1Job {
  const job = jobOf('drive.yaml')
  job.spec!.template.spec = withFields(pod(job), fields)
  return job
}

/** The pod that the Job controller makes from a Job. */
function podOf ({ metadata, spec }: V1Job) {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: metadata!.name!, uid: newJobId(), controller: true }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...spec!.template.metadata,
      name: `${metadata!.name}-abcde`,
      namespace: metadata!.namespace!,
      ownerReferences: [owner]
    },
    spec: spec!.template.spec!
  }
}

/** The object as the API server would create it, as JSON. */
function dryRun (object: object, ...as: string[]): string {
  return kubectlWith(JSON.stringify(object), ...as, 'create', '--dry-run=server', '--validate=false', '-o', 'json', '-f', '-')
}

/** Why the API server does not create the object; `undefined` when it would create it. */
function refusalOf (object: object, ...as: string[]): string | undefined {
  try {
    dryRun(object, ...as)
    return undefined
  } catch (error) {
    return (error as { stderr: string }).stderr
  }
}

const ofDeploy = (object: object): string | undefined => refusalOf(object, '--token', TOKEN)

await t.test('the Job and the pod of each template are admitted', async (t) => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))) {
    const job = jobOf(file)
    t.equal(ofDeploy(job), undefined, file)
    // The test cluster has no GPU quota to spare for a real pod, but a dry run takes none.
    t.equal(refusalOf(podOf(job)), undefined, `the pod of ${file}`)
  }
})

await t.test('a job uses no Secret but its own and those of the list, wherever a pod can name one', async (t) => {
  for (const [place, naming] of Object.entries(secretPlaces)) {
    const refusal = ofDeploy(jobWith(naming('gx4ki-of-another')))
    if (place.startsWith('ephemeralContainers')) t.match(refusal, /ephemeral containers not allowed/, place)
    else t.match(refusal, /Secrets that the ConfigMap gx4ki-secrets does not allow: gx4ki-of-another \(|volumes of a kind that may read other Secrets: other \(/, place)
    // Pod Security also refuses the pods whose volumes have a driver.
    t.match(refusalOf(podOf(jobWith(naming('gx4ki-of-another')))), /gx4ki-of-another \(|volume|ephemeral/, `a pod with ${place}`)
  }
  const many = jobWith({
    ...secretPlaces['volumes[].secret.secretName']!('one'),
    ...secretPlaces['containers[].envFrom[].secretRef']!('two')
  })
  t.match(ofDeploy(many), /does not allow: two, one \(add them to it, or remove them from the template\)/)
})

await t.test('a job may name its own Secret and those of the list', async (t) => {
  const allowed = Object.keys(secretPlaces).filter((place) =>
    /^(imagePullSecrets|containers|initContainers|volumes\[\]\.(secret|projected))/.test(place)
  )
  t.equal(allowed.length, 7)
  for (const place of allowed) {
    t.equal(ofDeploy(jobWith(secretPlaces[place]!('harbor'))), undefined, place)
    const own = jobOf('drive.yaml')
    own.spec!.template.spec = withFields(pod(own), secretPlaces[place]!(own.metadata!.name!))
    t.equal(ofDeploy(own), undefined, `${place}: its own`)
    t.equal(refusalOf(podOf(own)), undefined, `a pod with ${place}: its own`)
  }
})

await t.test('a Secret does not become its own because a Job or a pod has its name', async (t) => {
  for (const name of ['registry', 'gx4ki-registry', `gx4ki-${newJobId()}`]) {
    const job = jobWith(secretPlaces['volumes[].secret.secretName']!(name))
    t.match(ofDeploy(job), `does not allow: ${name} `, `the Secret ${name} of another`)
    const made = podOf(job)
    t.match(refusalOf({ ...made, metadata: { ...made.metadata, name } }), `does not allow: ${name} `, `a pod ${name}`)
  }
  for (const name of ['registry', 'gx4ki-registry']) {
    const job = jobWith(secretPlaces['volumes[].secret.secretName']!(name))
    t.match(ofDeploy({ ...job, metadata: { ...job.metadata, name } }), `, ${name} (`, `a Job ${name}`)
  }
})

await t.test('a volume of another kind is refused', async (t) => {
  for (const volume of [{ nfs: { server: 'a', path: '/' } }, { csi: { driver: 'csi.example.org' } }, { hostPath: { path: '/' } }]) {
    t.match(ofDeploy(jobWith({ volumes: [{ name: 'other', ...volume }] })), /volumes of a kind .*: other \(use one of these: configMap, /)
  }
  for (const volume of [{ emptyDir: {} }, {}, { configMap: { name: 'a' } }, { persistentVolumeClaim: { claimName: 'a' } }]) {
    t.equal(ofDeploy(jobWith({ volumes: [{ name: 'other', ...volume }] })), undefined, JSON.stringify(volume))
  }
})

await t.test('a job gets no other image, also not as a volume', async (t) => {
  const image = 'example.org/anything:1'
  const intruders: Partial<V1PodSpec>[] = [
    { containers: [{ name: 'other', image }] },
    { initContainers: [{ name: 'other', image }] },
    { volumes: [{ name: 'other', image: { reference: image } }] }
  ]
  for (const fields of intruders) {
    t.match(ofDeploy(jobWith(fields)), /images that the ConfigMap gx4ki-images does not allow: example\.org\/anything:1/)
  }
  t.equal(ofDeploy(jobWith({ volumes: [{ name: 'other', image: { reference: settings.image } }] })), undefined)
})

await t.test('a job gets no credential of the Kubernetes API', async (t) => {
  const token = { serviceAccountToken: { path: 'token', audience: 'https://example.org' } }
  const certificate = {
    podCertificate: {
      signerName: 'kubernetes.io/kube-apiserver-client-pod',
      keyType: 'ED25519',
      credentialBundlePath: 'a.pem'
    }
  }
  const intruders: Record<string, Partial<V1PodSpec>> = {
    'must run as the ServiceAccount default': { serviceAccountName: 'job-events' },
    'must run as the ServiceAccount default,': { serviceAccount: 'job-events' },
    automountServiceAccountToken: { automountServiceAccountToken: true },
    'projected serviceAccountToken or podCertificate': {
      volumes: [{ name: 'other', projected: { sources: [token] } }]
    }
  }
  for (const [words, fields] of Object.entries(intruders)) t.match(ofDeploy(jobWith(fields)), words)
  const certified = jobWith({ volumes: [{ name: 'other', projected: { sources: [certificate] } }] })
  const refusal = ofDeploy(certified)
  if (refusal !== undefined) t.match(refusal, 'projected serviceAccountToken or podCertificate')
  else t.notMatch(dryRun(certified), 'podCertificate', 'an API server without this feature leaves the field out')
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `gx4ki-${newJobId()}`,
      namespace: 'gx4ki-jobs',
      annotations: { 'kubernetes.io/service-account.name': 'job-events' }
    },
    type: 'kubernetes.io/service-account-token'
  }
  t.match(ofDeploy(secret), /must not hold a token of the Kubernetes API/)
  t.equal(ofDeploy({ ...secret, type: 'Opaque' }), undefined)
})

await t.test('labels that are not in the list are refused: a NetworkPolicy may select by them', async (t) => {
  const place = (labels: Record<string, string>, where: 'Job' | 'pod'): V1Job => {
    const job = jobOf('drive.yaml')
    const metadata: V1ObjectMeta = where === 'Job' ? job.metadata! : job.spec!.template.metadata!
    metadata.labels = { ...metadata.labels, ...labels }
    return job
  }
  for (const where of ['Job', 'pod'] as const) {
    for (const label of ['eventing.knative.dev/source', 'serving.knative.dev/service', 'application', 'gx4ki.jobs']) {
      const job = place({ [label]: 'apiserver-source-controller' }, where)
      t.match(ofDeploy(job), `labels that the ConfigMap gx4ki-labels does not allow: ${label} (`, `${label} of the ${where}`)
      if (where === 'pod') t.match(refusalOf(podOf(job)), `does not allow: ${label} (`, `${label} of a pod`)
    }
    for (const label of ['app', 'app.kubernetes.io/name', 'kueue.x-k8s.io/queue-name']) {
      t.equal(ofDeploy(place({ [label]: 'a' }, where)), undefined, `${label} of the ${where}`)
    }
  }
  const bare = jobOf('drive.yaml')
  delete bare.metadata!.labels
  delete bare.spec!.template.metadata
  t.equal(ofDeploy(bare), undefined, 'a Job without labels')
})

await t.test('the pod of a large template is within what a policy may cost', async (t) => {
  const env = Array.from({ length: 500 }, (_, i) => ({ name: `V${i}`, valueFrom: { secretKeyRef: { name: 'harbor', key: 'a' } } }))
  const containers = Array.from({ length: 10 }, (_, i) => ({ name: `c${i}`, image: settings.image, env }))
  const volumes = Array.from({ length: 100 }, (_, i) => ({ name: `v${i}`, secret: { secretName: 'harbor' } }))
  t.equal(ofDeploy(jobWith({ containers, volumes })), undefined)
})
