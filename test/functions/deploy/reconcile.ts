import t from 'tap'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { advanceRecord, readRecord } from '../../../shared/job/record-store.ts'
import { seal } from '../../../shared/job/seal.ts'
import { markerKey } from '../../../shared/store/bucket-layout.ts'
import { putObject, removeObject } from '../../../shared/store/object-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { deployServer, deployWith, keysOf, tokenKey } from '../../support/deploy-server.ts'
import { faultProxy } from '../../support/fault-proxy.ts'
import { writesState } from '../../support/fault-rules.ts'
import { gainsFrom } from '../../support/gains.ts'
import { meddledKubernetes, status } from '../../support/meddled-kubernetes.ts'
import { openRecord } from '../../support/open-record.ts'
import { poll } from '../../support/poll.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'
import { testStore } from '../../support/store.ts'

const past = new Date(Date.now() - 1000).toISOString()

await t.test('a ping creates a missing Job with its Secret, and further pings create no second Job', async (t) => {
  const { url, ping, store, cluster } = await deployServer(t)
  const gains = await gainsFrom(url)
  const id = newJobId()
  await openRecord(store, {
    job_uuid: id,
    env: { DURATION: '20' },
    sealed_env: seal(tokenKey, id, { PASSWORD: 'hunter2' })
  })
  for (let round = 0; round < 2; round++) {
    t.equal((await ping()).status, 204)
    const [jobs, [configMap], [secret]] = await Promise.all([cluster.jobs(), cluster.configMaps(), cluster.secrets()])
    t.equal(jobs.length, 1)
    t.match(configMap!.data, { DURATION: '20' })
    t.equal(Buffer.from(secret!.data!['PASSWORD']!, 'base64').toString(), 'hunter2')
    const { record } = (await readRecord(store, id))!
    t.match(record, { state: 'pending', job_uid: jobs[0]!.metadata!.uid!, revision: 2 })
    t.notOk('sealed_env' in record)
  }
  t.equal((await gains())('gx4ki_ping_repairs_total', { repair: 'started' }), 1)
})

await t.test('a ping creates a missing ConfigMap and writes a missing job_uid', async (t) => {
  const { post, ping, store, cluster } = await deployServer(t)
  const { job_uuid: id } = await (await post({})).json() as { job_uuid: string }
  const { record: { job_uid: uid, ...cutOff } } = (await readRecord(store, id))!
  await putObject(store, `state/${id}.json`, JSON.stringify({ ...cutOff, state: 'accepted' }), {}, 'unconditional')
  await cluster.core.deleteNamespacedConfigMap({ namespace: cluster.namespace, name: `gx4ki-${id}` })
  t.equal((await ping()).status, 204)
  t.equal((await cluster.jobs()).length, 1)
  t.equal((await cluster.configMaps()).length, 1)
  t.match((await readRecord(store, id))!.record, { state: 'pending', job_uid: uid! })
})

await t.test('a job that has not started in time is stopped, a running job is not', async (t) => {
  const { ping, store } = await deployServer(t)
  const late = await openRecord(store, { state: 'pending', job_uid: 'uid', start_by: past, reason: 'ImagePullBackOff', message: 'no such image.' })
  const never = await openRecord(store, { start_by: past })
  const running = await openRecord(store, { state: 'running', job_uid: 'uid', start_by: past })
  t.equal((await ping()).status, 204)
  t.match((await readRecord(store, late))!.record, {
    state: 'pending',
    stop: { reason: 'StartDeadlineExceeded' },
    message: /ImagePullBackOff: no such image\.$/
  })
  t.match(
    (await readRecord(store, never))!.record,
    { state: 'failed', reason: 'StartDeadlineExceeded' },
    'a job without a Job becomes terminal at once'
  )
  t.notOk((await readRecord(store, running))!.record.stop)
})

await t.test('a suspended Job does not use up its time to start', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { ping } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const suspended = (
    status: string,
    minutesAgo: number
  ) => [{ type: 'Suspended', status, lastTransitionTime: new Date(Date.now() - minutesAgo * 60_000).toISOString() }]
  for (
    const [name, suspend, conditions, isStopped] of [
      ['suspended', true, suspended('True', 20), false],
      ['suspended, without a condition yet', true, [], false],
      ['resumed, with the old condition', false, suspended('True', 20), false],
      ['resumed less than ten minutes ago', false, suspended('False', 9), false],
      ['resumed more than ten minutes ago', false, suspended('False', 11), true],
      ['never suspended', false, [], true]
    ] as const
  ) {
    const id = await openRecord(store, {
      job_uuid: newJobId(new Date(Date.now() - 20 * 60_000)),
      state: 'pending',
      job_uid: 'uid'
    })
    kubernetes.meddle = async ({ method, url }, pass) =>
      method === 'GET' && url.endsWith(`/jobs/gx4ki-${id}`)
        ? {
            code: 200,
            body: JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', spec: { suspend }, status: { conditions } })
          }
        : await pass()
    t.equal((await ping()).status, 204)
    t.equal((await readRecord(store, id))!.record.stop?.reason, isStopped ? 'StartDeadlineExceeded' : undefined, name)
    await removeObject(store, markerKey(id))
  }
})

await t.test('a job whose init container takes too long has its name in the message', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { ping } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const id = await openRecord(store, { state: 'pending', job_uid: 'uid', start_by: past })
  const running = { running: { startedAt: past } }
  const pod = {
    metadata: { name: 'pod', uid: 'pod' },
    spec: {
      initContainers: [{ name: 'uploader', restartPolicy: 'Always' }, { name: 'fetch-inputs' }],
      containers: [{ name: 'main' }]
    },
    status: {
      phase: 'Pending',
      initContainerStatuses: [{ name: 'uploader', state: running }, { name: 'fetch-inputs', state: running }],
      containerStatuses: [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }]
    }
  }
  kubernetes.meddle = async ({ method, url }, pass) =>
    method === 'GET' && url.includes('/pods?')
      ? { code: 200, body: JSON.stringify({ apiVersion: 'v1', kind: 'PodList', metadata: {}, items: [pod] }) }
      : await pass()
  t.equal((await ping()).status, 204)
  t.match((await readRecord(store, id))!.record, {
    stop: { reason: 'StartDeadlineExceeded' },
    message: 'The workload did not start in time. At last it waited for this: the init container fetch-inputs had not ended.'
  })
})

await t.test('a job that starts at the last moment is not stopped', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { ping } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const id = await openRecord(store, { state: 'pending', job_uid: 'uid', start_by: past })
  kubernetes.meddle = async (_, pass) => {
    await advanceRecord(store, id, (record) => advance(record, { state: 'running' }, new Date()))
    return await pass()
  }
  t.equal((await ping()).status, 204)
  const { record } = (await readRecord(store, id))!
  t.equal(record.state, 'running')
  t.notOk(record.stop)
})

await t.test('a ping repeats a stop that did not reach Kubernetes', async (t) => {
  const { post, ping, store, cluster } = await deployServer(t)
  const { job_uuid: id } = await (await post({})).json() as { job_uuid: string }
  const down = await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })
  t.equal((await down.remove(id)).status, 202)
  t.equal((await cluster.jobs()).length, 1)
  t.equal((await ping()).status, 204)
  await poll('the Job is deleted', async () => (await cluster.jobs()).length === 0)
})

await t.test('a job that was given up becomes terminal when Kubernetes is available again', async (t) => {
  const { ping, store } = await deployServer(t)
  const id = await openRecord(store, { stop: { reason: 'KubernetesUnavailable', at: past } })
  t.equal((await ping()).status, 204)
  t.match((await readRecord(store, id))!.record, { state: 'failed', reason: 'KubernetesUnavailable' })
})

await t.test('what a crash left without a record is removed when its marker is old enough', async (t) => {
  const store = await testStore(t)
  const { ping, cluster } = await deployServer(t, { store })
  // The process that makes this job gets no further than its Job.
  const proxy = await faultProxy(t)
  proxy.target = { url: store.settings.S3_ENDPOINT }
  proxy.fate = writesState('accepted', 'refuse')
  const crashing = await deployWith(t, { store: openStore({ ...store.settings, S3_ENDPOINT: proxy.url }), cluster })
  await problemOf(t, await crashing.post({}), 503, 'store-unavailable')
  const [key] = await keysOf(store)
  t.same((await cluster.jobs()).map(({ metadata }) => markerKey(metadata!.labels!['gx4ki.job.uuid']!)), [key])
  t.same([await cluster.configMaps(), await cluster.secrets()], [[], []], 'no pod of this Job can run')
  // A repeated request with an idempotency key writes the marker of an old job again, and goes on with it.
  const repeated = newJobId(new Date(Date.now() - 6 * 60_000))
  await putObject(store, markerKey(repeated), '', {}, 'unconditional')
  t.equal((await ping()).status, 204)
  t.same((await keysOf(store)).sort(), [key, markerKey(repeated)].sort(), 'a request may be in progress')

  const { now } = Date
  t.intercept(Date, 'now', { value: () => now() + 6 * 60_000 })
  t.equal((await ping()).status, 204)
  t.same(await keysOf(store), [])
  await poll('the Job is deleted', async () => (await cluster.jobs()).length === 0)
})

await t.test('without Kubernetes, the marker stays that leads to a Job without a record', async (t) => {
  const store = await testStore(t)
  const { ping } = await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })
  const key = markerKey(newJobId())
  await putObject(store, key, '', {}, 'unconditional')
  const { now } = Date
  t.intercept(Date, 'now', { value: () => now() + 6 * 60_000 })
  await ping()
  t.same(await keysOf(store), [key])
})

await t.test('a ping does not change a job that has ended', async (t) => {
  const { ping, store, cluster } = await deployServer(t)
  const id = await openRecord(store, { state: 'succeeded', start_by: past })
  const before = await readRecord(store, id)
  t.equal((await ping()).status, 204)
  t.same(await readRecord(store, id), before)
  t.ok((await keysOf(store)).includes(markerKey(id)), 'job-completed still needs the marker')
  t.same(await cluster.jobs(), [])
})

await t.test('a failed repair of one job does not affect the others', async (t) => {
  const { ping, store, cluster } = await deployServer(t)
  const gone = await openRecord(store, { template: 'gone' })
  const unsealed = await openRecord(store, { sealed_env: 'damaged' })
  await putObject(store, markerKey('no-id'), '', {}, 'unconditional')
  const broken = newJobId()
  await putObject(store, markerKey(broken), '', {}, 'unconditional')
  await putObject(store, `state/${broken}.json`, 'hello', {}, 'unconditional')
  // Ids sort newest first, so the good jobs are the first and the last one.
  const good = [
    await openRecord(store, { job_uuid: newJobId(new Date(Date.now() - 60_000)) }),
    await openRecord(store, { job_uuid: newJobId(new Date(Date.now() + 60_000)) })
  ]
  t.equal((await ping()).status, 204)
  t.same((await cluster.jobs()).map(({ metadata }) => metadata!.labels!['gx4ki.job.uuid']).sort(), good.toSorted())
  for (const id of [gone, unsealed]) t.match((await readRecord(store, id))!.record, { state: 'accepted' })
})

await t.test('a job whose Job is refused at a ping has failed, with the words of Kubernetes', async (t) => {
  const { url, ping, store, cluster } = await deployServer(t)
  const gains = await gainsFrom(url)
  const id = await openRecord(store, { template: 'refused' })
  t.equal((await ping()).status, 204)
  const { record } = (await readRecord(store, id))!
  t.match(record, {
    state: 'failed',
    reason: 'RejectedByKubernetes',
    message: /backoffLimit.*\. Correct the template as the message says\.$/,
    finished_at: /Z$/
  })
  t.same(await cluster.jobs(), [])
  t.equal((await gains())('gx4ki_ping_repairs_total', { repair: 'refused' }), 1)
})

await t.test('a Job that Kubernetes already has is not failed by a refusal', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { post, ping } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const { job_uuid: id } = await (await post({})).json() as { job_uuid: string }
  const { record: { job_uid: uid, ...cutOff } } = (await readRecord(store, id))!
  await putObject(store, `state/${id}.json`, JSON.stringify({ ...cutOff, state: 'accepted' }), {}, 'unconditional')
  // The policy was changed in the meantime, and is checked before the name.
  kubernetes.meddle = async ({ method, url }, pass) =>
    method === 'POST' && url.endsWith('/jobs') ? status(403, 'images that are not allowed', 'Forbidden') : await pass()
  t.equal((await ping()).status, 204)
  t.match((await readRecord(store, id))!.record, { state: 'pending', job_uid: uid! })
})

await t.test('what keeps a job from a Job for now is its reason, until it has one', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { ping } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const gone = await openRecord(store, { template: 'gone' })
  const id = await openRecord(store)
  const late = await openRecord(store, { reason: 'QuotaExceeded', message: 'exceeded quota.', start_by: past })
  kubernetes.meddle = async ({ method }, pass) =>
    method === 'POST' ? status(403, 'exceeded quota: jobs', 'Forbidden') : await pass()
  t.equal((await ping()).status, 204)
  t.match((await readRecord(store, id))!.record, {
    state: 'accepted',
    reason: 'QuotaExceeded',
    message: 'exceeded quota: jobs. Wait until other jobs have ended; the operator may raise the quota.'
  })
  t.match((await readRecord(store, gone))!.record, {
    state: 'accepted',
    reason: 'TemplateUnusable',
    message: /^The template gone of this job is missing or cannot be used; put it back to start the job\.$/
  })
  t.match((await readRecord(store, late))!.record, {
    state: 'failed',
    reason: 'StartDeadlineExceeded',
    message: /At last it waited for this: QuotaExceeded: exceeded quota\.$/
  })
  kubernetes.meddle = async (_, pass) => await pass()
  t.equal((await ping()).status, 204)
  const { record } = (await readRecord(store, id))!
  t.equal(record.state, 'pending')
  t.same([record.reason, record.message], [undefined, undefined])
})

await t.test('events other than a ping are refused', async (t) => {
  const { url } = await deployServer(t)
  const headers = { 'ce-id': '1', 'ce-source': '/a', 'ce-specversion': '1.0' }
  for (const type of ['dev.knative.apiserver.resource.update', 'dev.knative.sources.ping2', 'ping']) {
    await problemAbout(
      t,
      await fetch(url, { method: 'POST', headers: { ...headers, 'ce-type': type } }),
      'type',
      400,
      'invalid-event'
    )
  }
})

await t.test('without a store the ping gets a 503, so that it is sent again', async (t) => {
  const settings = {
    S3_ENDPOINT: await closedUrl(),
    S3_ACCESS_KEY: 'a',
    S3_SECRET_KEY: 'b',
    S3_BUCKET: 'bucket',
    S3_REGION: 'us-east-1'
  }
  const { ping } = await deployWith(t, { store: openStore(settings), cluster: clusterAt(t, await closedUrl()) })
  await problemOf(t, await ping(), 503, 'store-unavailable')
})

await t.test('without Kubernetes the ping succeeds and leaves the jobs unchanged', async (t) => {
  const store = await testStore(t)
  const { ping } = await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })
  const id = await openRecord(store)
  t.equal((await ping()).status, 204)
  t.match((await readRecord(store, id))!.record, { state: 'accepted', revision: 1 })
})
