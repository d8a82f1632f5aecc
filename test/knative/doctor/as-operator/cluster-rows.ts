import t from 'tap'
import { clusterOrphanRows, settled } from '../../../../knative/doctor/as-operator/cluster-orphans.ts'
import { judgeFence } from '../../../../knative/doctor/as-operator/fence-row.ts'
import { type Manifest, manifests } from '../../../../knative/doctor/manifests.ts'
import { type Service, settingsOf, settingsRow } from '../../../../knative/doctor/as-operator/pod-of-service.ts'
import { readyRow } from '../../../../knative/doctor/as-operator/ready-row.ts'
import { accountsOf, rightsRow } from '../../../../knative/doctor/as-operator/rights.ts'
import { reportOf } from '../../../../knative/doctor/run-in-cluster.ts'
import { readTemplates, templateRow, warningRows } from '../../../../knative/doctor/as-operator/template-rows.ts'
import { wordsOf } from '../../../../knative/doctor/words-of.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'

const trigger = manifests('Trigger').find(({ metadata }) => metadata.name === 'deploy-ping')!
const refusal = (message: string): Error =>
  Object.assign(new Error('HTTP-Code: 403 …'), { code: 403, body: JSON.stringify({ kind: 'Status', message }) })

await t.test('an object is ready if its controller says so about the current generation', async (t) => {
  const ready = { type: 'Ready', status: 'True' }
  const live = (conditions: object[], observedGeneration = 2) => ({
    metadata: { generation: 2 },
    status: { observedGeneration, conditions: conditions as typeof ready[] }
  })
  t.match(readyRow(trigger, live([ready])), { check: 'Trigger deploy-ping', verdict: 'works', mend: '' })
  t.match(readyRow(trigger, undefined), { verdict: 'broken', seen: 'does not exist', mend: /kubectl apply -k/ })
  t.match(readyRow(trigger, live([ready], 1)), { verdict: 'broken', seen: /not processed the last change/ })
  t.match(readyRow(trigger, { metadata: { generation: 1 } }), { verdict: 'broken' })
  const failed = { type: 'Ready', status: 'False', reason: 'NotFound', message: 'services "x" not found' }
  t.match(readyRow(trigger, live([failed])), {
    verdict: 'broken',
    seen: 'not ready: NotFound: services "x" not found',
    mend: /kubectl describe trigger\.eventing\.knative\.dev deploy-ping -n gx4ki/
  })
  t.match(readyRow(trigger, live([{ type: 'Ready', status: 'Unknown' }, { ...failed, type: 'SubscriberResolved' }])), {
    seen: /services "x" not found/
  })
  const uploads = manifests('Deployment')[0]!
  t.match(
    readyRow(
      uploads,
      live([{ type: 'Progressing', status: 'False', message: 'slow' }, { type: 'Available', status: 'True' }])
    ),
    { verdict: 'works' }
  )
  t.match(readyRow(uploads, live([ready])), { verdict: 'broken', mend: /kubectl describe deployment\.apps uploads/ })
})

await t.test('the doctor checks all objects of an installation', async (t) => {
  t.strictSame(
    manifests('Service', 'Broker', 'Trigger', 'PingSource', 'ApiServerSource').filter(({ apiVersion }) =>
      apiVersion !== 'v1'
    ).map(({ metadata }) => metadata.name).sort(),
    [
      'callback-due',
      'deploy',
      'deploy-ping',
      'gx4ki',
      'job-completed',
      'job-completed',
      'job-completed-ping',
      'job-watch',
      'jobs',
      'reconcile',
      'result-fetch',
      'result-upload'
    ]
  )
})

await t.test('the doctor checks the rights of all Roles for all ServiceAccounts', async (t) => {
  const accounts = accountsOf(manifests('ServiceAccount', 'Role', 'RoleBinding'), {
    jobs: 'gx4ki-jobs',
    functions: 'gx4ki'
  })
  t.strictSame(accounts.map(({ name, must }) => [name, must.length]), [
    ['deploy', 8],
    ['job-completed', 4],
    ['job-watch', 2],
    ['result-fetch', 0],
    ['result-upload', 0],
    ['job-events', 3],
    ['default', 0]
  ])
  t.strictSame(accounts[0]!.must.at(-1), {
    namespace: 'gx4ki-jobs',
    verb: 'get',
    group: '',
    resource: 'pods',
    subresource: 'log'
  })
  for (const { must, mustNot } of accounts) {
    t.notOk(must.some((access) =>
      mustNot.some(({ verb, resource }) =>
        verb === access.verb && resource === access.resource && access.subresource === undefined && verb !== 'list'
      )
    ))
  }

  const [deploy] = accounts
  t.match(rightsRow(deploy!, [], []), {
    check: 'rights of deploy',
    verdict: 'works',
    seen: 'has all 8 rights that it needs, and has none of 6 forbidden rights'
  })
  t.match(rightsRow(deploy!, [deploy!.must.at(-1)!], []), {
    verdict: 'broken',
    seen: 'may not get pods/log',
    mend: /apply -k/
  })
  t.match(rightsRow(deploy!, [], [{ verb: 'list', resource: 'pods' }]), {
    verdict: 'broken',
    seen: 'may list pods in the whole cluster, which it must not',
    mend: /-w deploy/
  })
})

await t.test('settings: the ConfigMaps, Secrets and keys of a Service must exist and must not be empty', async (t) => {
  const service = manifests('Service').find(({ apiVersion, metadata }) =>
    apiVersion.startsWith('serving') && metadata.name === 'deploy'
  ) as Manifest & Service
  const secret = (...keys: string[]) => ({ data: Object.fromEntries(keys.map((key) => [key, 'eA=='])) })
  const all = new Map([
    ['ConfigMap gx4ki-settings', { data: { IMAGE: 'of the map', HOST: 'of the map' } }],
    ['ConfigMap gx4ki-templates', { data: {} }],
    ['Secret gx4ki-store', secret('access-key', 'secret-key')],
    ['Secret gx4ki-job-token', secret('key')],
    ['Secret gx4ki-result-token', secret('key')]
  ])
  t.match(settingsRow(service, all), { check: 'settings of deploy', verdict: 'works' })
  t.match(settingsOf(service, all), { IMAGE: 'of the map', HOST: '0.0.0.0' })
  const less = new Map(all).set('Secret gx4ki-store', { data: { 'access-key': 'eA==', 'secret-key': '' } })
  less.delete('ConfigMap gx4ki-templates')
  t.match(settingsRow(service, less), {
    verdict: 'broken',
    seen: 'missing: secret-key in Secret gx4ki-store, ConfigMap gx4ki-templates'
  })
})

await t.test('a refused template is named, and the other templates are read', async (t) => {
  const good = JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'good', annotations: { 'gx4ki.io/description': 'd', 'gx4ki.io/results': '/results' } },
    spec: { template: { spec: { containers: [{ name: 'a', image: 'b' }] } } }
  })
  const { usable, refused } = readTemplates({ 'good.yaml': good, 'bad.yaml': 'kind: Job', 'README.txt': 'x' })
  t.strictSame([...usable.keys()], ['good'])
  t.match([...refused], [['bad.yaml', /^not a template/]])
  t.match(templateRow('good', undefined), { verdict: 'works' })
  t.match(templateRow('good', refusal('images that are not allowed here: b')), {
    verdict: 'broken',
    seen: /images that are not allowed here: b/
  })
  t.match(templateRow('good', refusal('pods "x" is forbidden: exceeded quota: jobs')), { verdict: 'degraded' })
})

await t.test('what the author of a template should change is a row of its own', async (t) => {
  const hasty = JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'hasty', annotations: { 'gx4ki.io/description': 'd', 'gx4ki.io/results': '/results' } },
    spec: { template: { spec: { containers: [{ name: 'a', image: 'b' }], terminationGracePeriodSeconds: 30 } } }
  })
  const { usable } = readTemplates({ 'hasty.yaml': hasty })
  t.match(warningRows(usable.get('hasty')!), [{
    check: 'warning of template hasty',
    verdict: 'degraded',
    seen: /^terminationGracePeriodSeconds is 30, and a full result volume of 10Gi takes 572 s/,
    mend: /docs\/templates\.md/
  }])
  t.strictSame(warningRows({ name: 'good', warnings: [] }), [])
})

await t.test('a pod that was admitted by mistake is named', async (t) => {
  t.match(judgeFence('gx4ki-jobs', [], ['a', 'b']), { verdict: 'works', seen: 'refused: a, b' })
  t.match(judgeFence('gx4ki-jobs', ['b'], ['a', 'b']), { verdict: 'broken', seen: 'admitted: b' })
})

await t.test('an orphan in Kubernetes is more than an hour old and not marked for deletion', async (t) => {
  const now = new Date()
  const [job, creationTimestamp] = [newJobId(), new Date(now.getTime() - 3_700_000)]
  const labels = { 'gx4ki.job.uuid': job }
  t.strictSame(settled('Job', { name: 'a', labels, creationTimestamp }, now), [{ kind: 'Job', name: 'a', job }])
  for (
    const other of [{ creationTimestamp: new Date(now.getTime() - 3_500_000) }, { deletionTimestamp: now }, {
      labels: {}
    }, { labels: { 'gx4ki.job.uuid': 'x' } }]
  ) {
    t.strictSame(settled('Job', { name: 'a', labels, creationTimestamp, ...other }, now), [])
  }
  const orphans = [{ kind: 'Secret', name: 'a', job }, { kind: 'Job', name: 'a', job }] as const
  t.match(clusterOrphanRows([], { all: 3, removed: true }), [{
    verdict: 'works',
    seen: 'none among 3 objects of jobs'
  }])
  t.match(clusterOrphanRows([...orphans], { all: 3, removed: false }), [{
    check: 'orphans: Jobs',
    verdict: 'degraded',
    mend: 'make doctor FIX=1'
  }, { check: 'orphans: Secrets' }])
  t.match(clusterOrphanRows([...orphans], { all: 3, removed: true }), [{ verdict: 'works', seen: /^removed 1/ }, {
    verdict: 'works'
  }])
})

await t.test('the report is the last line of the log; without a report, the row has the reason', async (t) => {
  const report = { rows: [], unknown: ['a'] }
  t.strictSame(reportOf(`(node:1) Warning: x\n${JSON.stringify(report)}\n`, {}), report)
  t.match(reportOf('wrong settings: …', {}), { rows: [{ verdict: 'broken', seen: 'wrong settings: …' }] })
  const { rows, unknown } = reportOf('', {
    status: {
      containerStatuses: [{
        name: 'doctor',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode: 137, reason: 'OOMKilled' } }
      }]
    }
  })
  t.match(rows, [{ verdict: 'broken', seen: 'OOMKilled' }])
  t.equal(unknown, undefined, 'the jobs without a record are unknown')
})

await t.test('the text of an error has the messages of the error and its causes', async (t) => {
  t.equal(wordsOf(refusal('pods is forbidden')), 'pods is forbidden')
  t.equal(wordsOf(new Error('GET x', { cause: new Error('Access\nDenied') })), 'GET x: Access Denied')
  t.equal(wordsOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })), 'ECONNREFUSED')
  t.equal(wordsOf(Object.assign(new Error('502'), { body: '<html>' })), '502')
})
