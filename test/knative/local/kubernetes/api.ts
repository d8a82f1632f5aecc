import { ApiException } from '@kubernetes/client-node'
import t from 'tap'
import {
  jobOf,
  jobsPath,
  mergePatch,
  namespace,
  request,
  shell,
  testKubernetes
} from '../../../support/local-kubernetes.ts'

const job = jobOf('a', [shell('main', 'true')], { suspend: true })

await t.test('a refusal is a Status as from the API server', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { batch } = kubernetes
  await batch.createNamespacedJob({ namespace, body: job })
  const spec = (podSpec: object): object => ({
    metadata: { name: 'b' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [shell('main', 'true')], ...podSpec } } }
  })
  const main = (more: object): object => spec({ containers: [{ ...shell('main', 'true'), ...more }] })
  const causes = (reason: string, field: string): object => ({
    code: 422,
    reason: 'Invalid',
    details: { group: 'batch', kind: 'Job', causes: [{ reason, field }] }
  })
  const at = 'spec.template.spec'
  const cases: [string, Promise<{ code: number, body: object }>, object][] = [
    ['wrong token', request(kubernetes, 'GET', jobsPath, undefined, { authorization: 'Bearer x' }), {
      code: 401,
      reason: 'Unauthorized'
    }],
    ['absent', request(kubernetes, 'GET', `${jobsPath}/b`), {
      code: 404,
      reason: 'NotFound',
      message: /^jobs\.batch "b" not found \(this local host was started at .*Z, without the Jobs of before\)$/,
      details: { name: 'b', group: 'batch', kind: 'jobs' }
    }],
    ['absent, core group', request(kubernetes, 'DELETE', `/api/v1/namespaces/${namespace}/pods/b`), {
      code: 404,
      message: 'pods "b" not found'
    }],
    ['unknown path', request(kubernetes, 'GET', `/api/v1/namespaces/${namespace}/jobs`), {
      code: 404,
      reason: 'NotFound'
    }],
    ['unknown verb', request(kubernetes, 'PUT', `${jobsPath}/a`, job), { code: 405, reason: 'MethodNotAllowed' }],
    ['exists', request(kubernetes, 'POST', jobsPath, job), {
      code: 409,
      reason: 'AlreadyExists',
      message: 'jobs.batch "a" already exists'
    }],
    ['exists, dry run', request(kubernetes, 'POST', `${jobsPath}?dryRun=All`, job), { code: 409 }],
    ['other uid', request(kubernetes, 'DELETE', `${jobsPath}/a`, { preconditions: { uid: 'x' } }), {
      code: 409,
      reason: 'Conflict'
    }],
    [
      'other version',
      request(kubernetes, 'PATCH', `${jobsPath}/a`, { metadata: { resourceVersion: '1' } }, mergePatch),
      { code: 409, reason: 'Conflict' }
    ],
    [
      'JSON patch',
      request(kubernetes, 'PATCH', `${jobsPath}/a`, {}, { 'content-type': 'application/json-patch+json' }),
      { code: 415 }
    ],
    ['no JSON', request(kubernetes, 'POST', jobsPath, '{'), { code: 400, reason: 'BadRequest' }],
    ['no object', request(kubernetes, 'POST', jobsPath, []), { code: 400 }],
    ['other kind', request(kubernetes, 'POST', jobsPath, { ...job, kind: 'Pod' }), { code: 400 }],
    ['other namespace', request(kubernetes, 'POST', jobsPath, { ...job, metadata: { name: 'b', namespace: 'x' } }), {
      code: 400
    }],
    ['selector', request(kubernetes, 'GET', `${jobsPath}?labelSelector=a%20b`), { code: 400 }],
    ['field selector', request(kubernetes, 'GET', `${jobsPath}?fieldSelector=status.phase=x`), { code: 400 }],
    [
      'name',
      request(kubernetes, 'POST', jobsPath, { ...job, metadata: { name: 'A.b' } }),
      causes('FieldValueInvalid', 'metadata.name')
    ],
    [
      'label',
      request(kubernetes, 'POST', jobsPath, { ...job, metadata: { name: 'b', labels: { x: 'not so' } } }),
      causes('FieldValueInvalid', 'metadata.labels.x')
    ],
    [
      'annotation is a number',
      request(kubernetes, 'POST', jobsPath, { ...job, metadata: { name: 'b', annotations: { x: 1 } } }),
      { code: 400 }
    ],
    [
      'no containers',
      request(kubernetes, 'POST', jobsPath, spec({ containers: undefined })),
      causes('FieldValueRequired', `${at}.containers`)
    ],
    [
      'container name',
      request(kubernetes, 'POST', jobsPath, main({ name: 'Main' })),
      causes('FieldValueInvalid', `${at}.containers[0].name`)
    ],
    [
      'same container name',
      request(kubernetes, 'POST', jobsPath, spec({ initContainers: [shell('main', 'true')] })),
      causes('FieldValueDuplicate', `${at}.containers[0].name`)
    ],
    [
      'no image',
      request(kubernetes, 'POST', jobsPath, main({ image: undefined })),
      causes('FieldValueRequired', `${at}.containers[0].image`)
    ],
    [
      'restart policy',
      request(kubernetes, 'POST', jobsPath, spec({ restartPolicy: 'Always' })),
      causes('FieldValueNotSupported', `${at}.restartPolicy`)
    ],
    [
      "sidecar's restart policy",
      request(
        kubernetes,
        'POST',
        jobsPath,
        spec({ initContainers: [shell('s', 'true', { restartPolicy: 'Sometimes' })] })
      ),
      causes('FieldValueNotSupported', `${at}.initContainers[0].restartPolicy`)
    ],
    [
      'environment name',
      request(kubernetes, 'POST', jobsPath, main({ env: [{ name: 'A=B' }] })),
      causes('FieldValueInvalid', `${at}.containers[0].env[0].name`)
    ],
    ['environment number', request(kubernetes, 'POST', jobsPath, main({ env: [{ name: 'A', value: 1 }] })), {
      code: 400
    }],
    [
      'mount without volume',
      request(kubernetes, 'POST', jobsPath, main({ volumeMounts: [{ name: 'x', mountPath: '/x' }] })),
      causes('FieldValueNotFound', `${at}.containers[0].volumeMounts[0].name`)
    ],
    [
      'two containers of one name',
      request(kubernetes, 'POST', jobsPath, spec({ initContainers: [shell('main', 'true')] })),
      causes('FieldValueDuplicate', `${at}.containers[0].name`)
    ],
    [
      'two volumes of one name',
      request(kubernetes, 'POST', jobsPath, spec({ volumes: [{ name: 'x' }, { name: 'y' }, { name: 'x' }] })),
      causes('FieldValueDuplicate', `${at}.volumes[2].name`)
    ],
    [
      'two mounts at one path',
      request(
        kubernetes,
        'POST',
        jobsPath,
        spec({
          volumes: [{ name: 'x' }, { name: 'y' }],
          containers: [{ ...shell('main', 'true'), volumeMounts: ['x', 'y'].map((name) => ({ name, mountPath: '/m' })) }]
        })
      ),
      causes('FieldValueInvalid', `${at}.containers[0].volumeMounts[1].mountPath`)
    ],
    [
      'part outside of the volume',
      request(
        kubernetes,
        'POST',
        jobsPath,
        spec({
          volumes: [{ name: 'x' }],
          containers: [{ ...shell('main', 'true'), volumeMounts: [{ name: 'x', mountPath: '/m', subPath: 'a/../../b' }] }]
        })
      ),
      causes('FieldValueInvalid', `${at}.containers[0].volumeMounts[0].subPath`)
    ],
    [
      'field of the pod',
      request(kubernetes, 'POST', jobsPath, main({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } }] })),
      causes('FieldValueInvalid', `${at}.containers[0].env[0].valueFrom.fieldRef.fieldPath`)
    ],
    ['quantity', request(kubernetes, 'POST', jobsPath, main({ resources: { limits: { cpu: '1 core' } } })), {
      code: 400
    }],
    ['dry run of it', request(kubernetes, 'POST', `${jobsPath}?dryRun=All`, main({ image: '' })), { code: 422 }]
  ]
  for (const [name, asked, expected] of cases) {
    const { code, body } = await asked
    t.match(body, { apiVersion: 'v1', kind: 'Status', status: 'Failure', message: String, ...expected }, name)
    t.match(body, { code }, `${name}: the same code in status line and Status`)
  }
  t.same(
    (await batch.listNamespacedJob({ namespace })).items.map(({ metadata }) => metadata?.name),
    ['a'],
    'no refused request has created an object'
  )
  await t.rejects(batch.readNamespacedJob({ namespace, name: 'b' }), { constructor: ApiException, code: 404 })
})

await t.test('a created Job has an identity and the defaults of a real server', async (t) => {
  const { batch } = await testKubernetes(t)
  const { metadata, spec } = await batch.createNamespacedJob({ namespace, body: job })
  t.match(metadata, {
    name: 'a',
    namespace,
    generation: 1,
    uid: /^[0-9a-f-]{36}$/,
    resourceVersion: /^\d+$/,
    creationTimestamp: Date
  })
  const owner = {
    'batch.kubernetes.io/controller-uid': metadata?.uid,
    'batch.kubernetes.io/job-name': 'a',
    'controller-uid': metadata?.uid,
    'job-name': 'a'
  }
  t.match(spec, {
    parallelism: 1,
    completions: 1,
    completionMode: 'NonIndexed',
    podReplacementPolicy: 'TerminatingOrFailed',
    template: { metadata: { labels: owner } }
  })
  t.same(spec?.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': metadata?.uid } })
})

await t.test('a dry run answers like a creation, and creates nothing', async (t) => {
  const { batch, core } = await testKubernetes(t)
  const { metadata, spec } = await batch.createNamespacedJob({
    namespace,
    body: jobOf('a', [shell('main', 'true')]),
    dryRun: 'All'
  })
  t.match([metadata?.name, spec?.completions], ['a', 1])
  t.same((await batch.listNamespacedJob({ namespace })).items, [])
  t.same((await core.listNamespacedPod({ namespace })).items, [])
})

await t.test('a pod has the name, labels and owner of its Job', async (t) => {
  const { batch, core } = await testKubernetes(t)
  const { metadata } = await batch.createNamespacedJob({ namespace, body: jobOf('owner', [shell('main', 'true')]) })
  const { items: [pod] } = await core.listNamespacedPod({
    namespace,
    labelSelector: `batch.kubernetes.io/controller-uid=${metadata?.uid},job-name in (owner)`
  })
  t.match(pod?.metadata, { name: /^owner-[a-z0-9]{5}$/ })
  t.same(pod?.metadata?.ownerReferences, [{
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: 'owner',
    uid: metadata?.uid,
    controller: true,
    blockOwnerDeletion: true
  }])
})

await t.test('a list is filtered by namespace, labels and name', async (t) => {
  const { core } = await testKubernetes(t)
  for (
    const [namespace, name, labels] of [['n', 'a', { x: '1' }], ['n', 'b', { x: '2', y: '' }], ['n', 'c', {}], [
      'm',
      'd',
      { x: '1' }
    ]] as const
  ) {
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels } } })
  }
  const names = async (query: { labelSelector?: string, fieldSelector?: string }): Promise<string> =>
    (await core.listNamespacedConfigMap({ namespace: 'n', ...query })).items.map(({ metadata }) => metadata?.name).join(
      ''
    )
  const selectors = {
    '': 'abc',
    'x=1': 'a',
    'x==1': 'a',
    'x!=1': 'bc',
    'x in (1, 2)': 'ab',
    'x notin (1)': 'bc',
    x: 'ab',
    '!x': 'c',
    'x,y': 'b',
    'x in (1,2),x!=2': 'a'
  }
  for (const [labelSelector, expected] of Object.entries(selectors)) {
    t.equal(await names({ labelSelector }), expected, labelSelector)
  }
  t.equal(await names({ fieldSelector: 'metadata.name=b' }), 'b')
  t.equal(await names({ fieldSelector: 'metadata.name!=b', labelSelector: 'x' }), 'a')
})

await t.test('the stringData of a Secret is moved to its data', async (t) => {
  const { core } = await testKubernetes(t)
  await core.createNamespacedSecret({
    namespace,
    body: { metadata: { name: 's' }, data: { a: 'eA==' }, stringData: { b: 'y' } }
  })
  const secret = await core.readNamespacedSecret({ namespace, name: 's' })
  t.same(secret.data, { a: 'eA==', b: 'eQ==' })
  t.equal(secret.stringData, undefined)
})

await t.test('a patch merges; when it removes the last finalizer, the deleted object is removed', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { core } = kubernetes
  const name = 'held'
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`
  await core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name, finalizers: ['example/mine'] }, data: { a: '1', b: '2' } }
  })
  t.same((await request(kubernetes, 'PATCH', path, { data: { a: null, c: '3' } }, mergePatch)).body.data, {
    b: '2',
    c: '3'
  })
  await core.deleteNamespacedConfigMap({ namespace, name })
  t.ok((await core.readNamespacedConfigMap({ namespace, name })).metadata?.deletionTimestamp)
  await request(kubernetes, 'PATCH', path, { metadata: { finalizers: null } }, mergePatch)
  await t.rejects(core.readNamespacedConfigMap({ namespace, name }), { code: 404 })
})

await t.test('two variables of one name are taken, with a warning as of the API server', async (t) => {
  const { url, config } = await testKubernetes(t)
  const ask = async (env: object[]): Promise<[number, string | null]> => {
    const response = await fetch(`${url}${jobsPath}?dryRun=All`, {
      method: 'POST',
      headers: { authorization: `Bearer ${config.getCurrentUser()?.token}` },
      body: JSON.stringify(jobOf('a', [shell('main', 'true', { env: env as [] })]))
    })
    return [response.status, response.headers.get('warning')]
  }
  t.strictSame(await ask([{ name: 'A' }, { name: 'B' }]), [201, null])
  t.strictSame(await ask([{ name: 'A' }, { name: 'B' }, { name: 'A' }]), [
    201,
    '299 - "spec.template.spec.containers[0].env[2]: hides previous definition of \\"A\\", which may be dropped when ' +
    'using apply"'
  ])
})
