import { readFileSync } from 'node:fs'
import type { V1JobSpec, V1PodSpec } from '@kubernetes/client-node'
import t from 'tap'
import { jobObject } from '../../../../functions/deploy/start/job-object.ts'
import { configMapObject, secretObject } from '../../../../functions/deploy/start/owned-objects.ts'
import { parseTemplate, templatesIn, type Template } from '../../../../functions/deploy/templates/read-templates.ts'
import { resolveEnv } from '../../../../functions/deploy/intake/resolve-env.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'
import { restrictedViolations } from '../../../support/pod-security.ts'

const settings = { namespace: 'jobs', image: 'registry/uploader@sha256:0', uploadUrl: 'http://result-upload.jobs.svc' }
const id = newJobId()
const name = `gx4ki-${id}`
const labels = { 'gx4ki.job.uuid': id, 'app.kubernetes.io/managed-by': 'gx4ki-jobs' }
const shipped = templatesIn('knative/templates', (file, reason) => t.fail(`${file}: ${reason}`))().usable
const none = { plain: {}, secret: {} }

function templateWith (pod: Partial<V1PodSpec>, spec: Partial<V1JobSpec> = {}, metadata: object = {}): Template {
  return parseTemplate(JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'test',
      annotations: { 'gx4ki.io/description': 'test', 'gx4ki.io/results': '/results' },
      ...metadata
    },
    spec: { ...spec, template: { ...spec.template, spec: { containers: [{ name: 'main', image: 'image' }], ...pod } } }
  }))
}

/** A template of an operator, in the same form as in a report. */
const caseOf = (file: string): Template =>
  parseTemplate(readFileSync(`${import.meta.dirname}/../templates/${file}.yaml`, 'utf8'))

const podOf = (template: Template, env = none): V1PodSpec => jobObject(template, id, env, settings).spec!.template.spec!

for (const [file, template] of shipped) {
  await t.test(`${file} becomes a Job that Pod Security restricted allows`, async (t) => {
    t.same(restrictedViolations(podOf(template, resolveEnv(template, {}))), [])
  })

  await t.test(`${file} gets the name, the labels and the deadlines of a job`, async (t) => {
    const job = jobObject(template, id, none, settings)
    t.match(job, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: 'jobs', labels: { ...labels, 'gx4ki.job.template': file } },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: Number,
        ttlSecondsAfterFinished: 86400,
        podReplacementPolicy: 'Failed',
        template: {
          metadata: { labels: { ...labels, 'gx4ki.job.template': file } },
          spec: { restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false }
        }
      }
    })
    t.same(job.metadata!.annotations, {}, 'the annotations for deploy are not copied')
  })
}

await t.test('the check finds every violation', async (t) => {
  const good = podOf(templateWith({}))
  t.same(restrictedViolations(good), [])
  const [main] = good.containers
  const mainWith = (securityContext: object): V1PodSpec => ({
    ...good,
    containers: [{ ...main!, securityContext: { ...main!.securityContext, ...securityContext } }]
  })
  for (
    const [pod, violation] of [
      [{ ...good, hostNetwork: true }, 'hostNetwork'],
      [{ ...good, volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'volume v: hostPath'],
      [{ ...good, securityContext: {} }, 'uploader: runAsNonRoot'],
      [
        { ...good, securityContext: { ...good.securityContext, seccompProfile: { type: 'Unconfined' } } },
        'pod: seccompProfile'
      ],
      [mainWith({ privileged: true }), 'main: privileged'],
      [mainWith({ allowPrivilegeEscalation: true }), 'main: allowPrivilegeEscalation'],
      [mainWith({ capabilities: { drop: ['NET_RAW'] } }), 'main: capabilities.drop'],
      [mainWith({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }), 'main: capabilities.add'],
      [mainWith({ runAsUser: 0 }), 'main: runAsUser'],
      [mainWith({ runAsNonRoot: false }), 'main: runAsNonRoot']
    ] as const
  ) t.ok(restrictedViolations(pod as V1PodSpec).includes(violation), violation)
})

await t.test('the uploader is the first init container, a native sidecar, and has the id of its job', async (t) => {
  const { initContainers, volumes } = podOf(templateWith({ initContainers: [{ name: 'fetch', image: 'fetch' }] }))
  t.same(initContainers!.map(({ name }) => name), ['uploader', 'fetch'])
  t.match(initContainers![0], {
    image: settings.image,
    restartPolicy: 'Always',
    command: ['node', 'dist/uploader.cjs'],
    lifecycle: {
      postStart: { exec: { command: ['node', 'dist/uploader.cjs', 'await-start'] } },
      preStop: { exec: { command: ['node', 'dist/uploader.cjs', 'stopping'] } }
    },
    securityContext: { readOnlyRootFilesystem: true },
    volumeMounts: [
      { name: 'results', mountPath: '/results', readOnly: true },
      { name: 'uploader-token', mountPath: '/var/run/gx4ki', readOnly: true },
      { name: 'uploader-started', mountPath: '/var/lib/gx4ki' }
    ]
  })
  t.match(Object.fromEntries(initContainers![0]!.env!.map((one) => [one.name, one])), {
    UPLOAD_URL: { value: settings.uploadUrl },
    JOB_UUID: { value: id },
    POD_UID: { valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
    TOKEN_FILE: { value: '/var/run/gx4ki/uploader-token' },
    RESULT_DIR: { value: '/results' },
    START_FILE: { value: '/var/lib/gx4ki/started' },
    STOP_FILE: { value: '/var/lib/gx4ki/stopping' },
    GRACE_SECONDS: { value: '612' },
    WORKLOAD_SECONDS: { value: '40' }
  })
  t.match(volumes!.find((volume) => volume.name === 'uploader-token'), {
    name: 'uploader-token',
    secret: { secretName: name, items: [{ key: 'uploader-token', path: 'uploader-token' }] }
  })
})

await t.test('only the uploader has its token', async (t) => {
  const { containers, initContainers } = podOf(
    templateWith({
      containers: [{ name: 'main', image: 'a' }, { name: 'second', image: 'b' }],
      initContainers: [{ name: 'fetch', image: 'c' }]
    })
  )
  const sees = [...initContainers!, ...containers].filter((container) =>
    JSON.stringify(container).includes('uploader-token')
  ).map(({ name }) => name)
  t.same(sees, ['uploader'])
})

await t.test('the workload is the first container, and only it gets the results and the environment', async (t) => {
  const { containers } = podOf(
    templateWith({ containers: [{ name: 'main', image: 'a' }, { name: 'second', image: 'b' }] }),
    { plain: { A: '1' }, secret: { B: '2' } }
  )
  t.match(containers[0], {
    name: 'main',
    env: [
      { name: 'A', valueFrom: { configMapKeyRef: { name, key: 'A' } } },
      { name: 'B', valueFrom: { secretKeyRef: { name, key: 'B' } } }
    ],
    volumeMounts: [{ name: 'results', mountPath: '/results' }]
  })
  t.strictSame(Object.keys(containers[1]!).sort(), ['image', 'name', 'securityContext'])
})

await t.test('the grace period fits the result volume, and the uploader knows its share', async (t) => {
  const shares = (pod: Partial<V1PodSpec>) => {
    const { terminationGracePeriodSeconds: total, initContainers, volumes } = podOf(templateWith(pod))
    const env = Object.fromEntries(initContainers![0]!.env!.map(({ name, value }) => [name, value]))
    t.equal(env['GRACE_SECONDS'], String(total))
    const { emptyDir } = volumes!.find(({ name }) => name === 'results')!
    return [total, env['WORKLOAD_SECONDS'], emptyDir!.sizeLimit]
  }
  const volumes = [{ name: 'results', emptyDir: { sizeLimit: '64Gi' } }]
  t.same(shares({}), [612, '40', '10Gi'])
  t.same(shares({ volumes }), [3377, '40', '64Gi'])
  t.same(shares({ volumes, terminationGracePeriodSeconds: 4000 }), [4000, '663', '64Gi'])
  t.same(shares({ terminationGracePeriodSeconds: 30 }), [30, '10', '10Gi'])
})

await t.test('the uploader has the user and the group of the workload', async (t) => {
  const userOf = (securityContext: object, pod: Partial<V1PodSpec> = {}) => {
    const { initContainers, securityContext: ofPod } = podOf(
      templateWith({
        containers: [{ name: 'main', image: 'a', securityContext }, {
          name: 'second',
          image: 'b',
          securityContext: { runAsUser: 7 }
        }],
        ...pod
      })
    )
    const { runAsUser, runAsGroup, runAsNonRoot, ...rest } = { ...ofPod, ...initContainers![0]!.securityContext }
    t.match(rest, { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true })
    return { runAsUser, runAsGroup, runAsNonRoot }
  }
  t.same(userOf({}), { runAsUser: 65532, runAsGroup: undefined, runAsNonRoot: true })
  t.same(userOf({ runAsUser: 1000 }), { runAsUser: 1000, runAsGroup: undefined, runAsNonRoot: true })
  t.same(userOf({ runAsUser: 1000, runAsGroup: 0 }), { runAsUser: 1000, runAsGroup: 0, runAsNonRoot: true })
  const pod = { securityContext: { runAsUser: 2000, runAsGroup: 3000 } }
  t.same(userOf({}, pod), { runAsUser: 2000, runAsGroup: 3000, runAsNonRoot: true })
  t.same(userOf({ runAsGroup: 5 }, pod), { runAsUser: 2000, runAsGroup: 5, runAsNonRoot: true })
  t.same(userOf({ runAsUser: null }, pod), { runAsUser: 2000, runAsGroup: 3000, runAsNonRoot: true })
})

await t.test('the workload of a deleted pod runs a bit longer, so that its log can be read', async (t) => {
  const preStopOf = (spec: Parameters<typeof templateWith>[0]): unknown =>
    podOf(templateWith(spec)).containers[0]!.lifecycle?.preStop
  t.same(preStopOf({}), { sleep: { seconds: 10 } })
  t.same(
    preStopOf({ terminationGracePeriodSeconds: 12 }),
    { sleep: { seconds: 1 } },
    "at most a third of the workload's share of the grace period"
  )
  t.equal(preStopOf({ terminationGracePeriodSeconds: 5 }), undefined)
  t.same(
    preStopOf({ containers: [{ name: 'main', image: 'a', lifecycle: { preStop: { exec: { command: ['save'] } } } }] }),
    { exec: { command: ['save'] } },
    'the hook of the template stays'
  )
})

await t.test('the fields of the template have priority', async (t) => {
  const template = templateWith({
    restartPolicy: 'OnFailure',
    terminationGracePeriodSeconds: 7,
    automountServiceAccountToken: true,
    serviceAccountName: 'own',
    nodeSelector: { gpu: 'yes' },
    securityContext: { runAsUser: 1000, fsGroup: 1000 },
    containers: [{
      name: 'main',
      image: 'image',
      envFrom: [{ configMapRef: { name: 'theirs' } }],
      env: [{ name: 'KEPT', value: '1' }, { name: 'GIVEN', value: 'theirs' }, { name: 'SECRET', value: 'theirs' }],
      securityContext: { readOnlyRootFilesystem: true },
      volumeMounts: [{ name: 'scratch', mountPath: '/tmp' }, { name: 'results', mountPath: '/results', readOnly: true }]
    }],
    volumes: [{ name: 'scratch', emptyDir: {} }, { name: 'results', emptyDir: { sizeLimit: '64Gi' } }]
  }, {
    backoffLimit: 2,
    activeDeadlineSeconds: 60,
    ttlSecondsAfterFinished: 700,
    suspend: true,
    template: { metadata: { labels: { theirs: 'pod', 'gx4ki.job.uuid': 'forged' } } }
  }, {
    name: 'test',
    labels: { theirs: 'job', 'app.kubernetes.io/managed-by': 'forged', 'kueue.x-k8s.io/queue-name': 'gpu' },
    annotations: { 'gx4ki.io/description': 'test', 'gx4ki.io/results': '/results' }
  })
  const { metadata, spec } = jobObject(template, id, { plain: { GIVEN: 'ours' }, secret: { SECRET: 'ours' } }, settings)
  t.match(spec, { backoffLimit: 2, activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 700, suspend: true })
  const pod = spec!.template.spec!
  t.match(pod, {
    terminationGracePeriodSeconds: 7,
    automountServiceAccountToken: true,
    serviceAccountName: 'own',
    nodeSelector: { gpu: 'yes' }
  })
  t.same(pod.securityContext, {
    runAsNonRoot: true,
    runAsUser: 1000,
    fsGroup: 1000,
    seccompProfile: { type: 'RuntimeDefault' }
  })
  t.match(pod.containers[0]!.securityContext, {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] }
  })
  t.same(pod.volumes!.filter((volume) => volume.name === 'results'), [{
    name: 'results',
    emptyDir: { sizeLimit: '64Gi' }
  }], 'the result volume of the template is used')
  t.same(pod.volumes![0], { name: 'scratch', emptyDir: {} })

  t.same(metadata!.labels, {
    theirs: 'job',
    'kueue.x-k8s.io/queue-name': 'gpu',
    ...labels,
    'gx4ki.job.template': 'test'
  }, 'the labels of gx4ki-jobs override those of the template')
  t.same(spec!.template.metadata!.labels, { theirs: 'pod', ...labels, 'gx4ki.job.template': 'test' })
  t.equal(pod.restartPolicy, 'Never', 'restartPolicy is always Never, because results belong to one pod')
  t.same(pod.containers[0]!.volumeMounts, [{ name: 'scratch', mountPath: '/tmp' }, {
    name: 'results',
    mountPath: '/results'
  }], 'the mount of the result volume is not changed by the template')
  t.same(pod.containers[0]!.envFrom, [{ configMapRef: { name: 'theirs' } }])
  t.same(pod.containers[0]!.env, [
    { name: 'KEPT', value: '1' },
    { name: 'GIVEN', valueFrom: { configMapKeyRef: { name, key: 'GIVEN' } } },
    { name: 'SECRET', valueFrom: { secretKeyRef: { name, key: 'SECRET' } } }
  ], 'a value of the caller has priority, at the place that the template has for it')
})

await t.test('a variable stands before what refers to it by $(NAME)', async (t) => {
  const template = caseOf('variables-in-arguments')
  const env = { plain: { DURATION: '15' }, secret: { PASSWORD: 'hunter2' } }
  const [main] = jobObject(template, id, env, settings).spec!.template.spec!.containers
  t.same(main!.env!.map((one) => one.name), ['DURATION', 'PASSWORD', 'HOST', 'URL'])
})

await t.test('the annotations, labels and finalizers of the manifest are kept, on the Job and on its pod', async (t) => {
  const template = templateWith({}, {
    template: { metadata: { annotations: { 'sidecar.istio.io/inject': 'false' }, labels: { team: 'a' } } }
  }, {
    name: 'test',
    annotations: {
      'gx4ki.io/description': 'test',
      'gx4ki.io/results': '/results',
      'kueue.x-k8s.io/job-min-parallelism': '1',
      'kubectl.kubernetes.io/last-applied-configuration': '{}'
    },
    labels: { team: 'b' },
    finalizers: ['example.org/keep']
  })
  const { metadata, spec } = jobObject(template, id, none, settings)
  t.same(metadata!.annotations, { 'kueue.x-k8s.io/job-min-parallelism': '1' })
  t.same(metadata!.finalizers, ['example.org/keep'])
  t.match(metadata!.labels, { team: 'b', ...labels })
  t.same(spec!.template.metadata!.annotations, { 'sidecar.istio.io/inject': 'false', 'gx4ki.io/workload': 'main' })
  t.match(spec!.template.metadata!.labels, { team: 'a', ...labels })
})

await t.test('a Job stays long enough to be looked at when it has ended', async (t) => {
  const ttlOf = (ttlSecondsAfterFinished: unknown): [number | undefined, number] => {
    const template = templateWith({}, { ttlSecondsAfterFinished } as Partial<V1JobSpec>)
    return [jobObject(template, id, none, settings).spec!.ttlSecondsAfterFinished, template.warnings.length]
  }
  t.same(ttlOf(undefined), [86_400, 0])
  t.same(ttlOf(null), [86_400, 0])
  t.same(ttlOf(0), [600, 1])
  t.same(ttlOf(599), [600, 1])
  t.same(ttlOf(600), [600, 0])
  t.same(ttlOf(7 * 86_400), [7 * 86_400, 0])
  const gone = caseOf('gone-when-finished')
  t.same(gone.warnings, [
    'spec.ttlSecondsAfterFinished is 0, and is raised to 600: until then the end of the job and its log are read from ' +
    'the Job'
  ])
})

await t.test('modes that are written in octal are what kubectl apply sends', async (t) => {
  const template = caseOf('octal-modes')
  const { volumes } = jobObject(template, id, none, settings).spec!.template.spec!
  t.same(volumes!.slice(0, 2).map(({ configMap, secret }) => (configMap ?? secret)!.defaultMode), [493, 256])
})

await t.test('jobObject does not change the template', async (t) => {
  for (const template of shipped.values()) {
    const before = structuredClone(template)
    jobObject(template, id, { plain: { A: '1' }, secret: { B: '2' } }, settings)
    t.same(template, before)
  }
})

await t.test('the Job owns the ConfigMap and the Secret, and they contain its environment', async (t) => {
  const env = { plain: { A: '1', EMPTY: '' }, secret: { B: 'hunter2' } }
  const job = {
    ...jobObject(templateWith({}), id, env, settings),
    metadata: { name, namespace: 'jobs', labels, uid: 'the uid' }
  }
  const metadata = {
    name,
    namespace: 'jobs',
    labels,
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: 'the uid' }]
  }
  t.same(configMapObject(job, env), { apiVersion: 'v1', kind: 'ConfigMap', metadata, immutable: true, data: env.plain })
  t.same(secretObject(job, env, 'the token'), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    immutable: true,
    type: 'Opaque',
    stringData: { B: 'hunter2', 'uploader-token': 'the token' }
  })
  t.notOk(configMapObject({ metadata: { name } }, env).metadata!.ownerReferences, 'no owner reference in a dry run')
})

await t.test('a secret value is only in the Secret', async (t) => {
  const env = { plain: { A: '1' }, secret: { PASSWORD: 'hunter2', PIN: '4711' } }
  const job = jobObject(
    templateWith({ containers: [{ name: 'main', image: 'a', env: [{ name: 'PASSWORD', value: 'default' }] }] }),
    id,
    env,
    settings
  )
  for (const object of [job, configMapObject(job, env)]) t.notMatch(JSON.stringify(object), /hunter2|4711/)
})
