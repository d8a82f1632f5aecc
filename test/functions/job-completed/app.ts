import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { advanceRecord, createRecord, readRecord } from '../../../shared/job/record-store.ts'
import { objectName } from '../../../shared/kubernetes/cluster.ts'
import { writeManifest } from '../../../shared/results/manifest.ts'
import { logKey, markerKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, headObject, listObjects } from '../../../shared/store/object-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { clusterOf } from '../../support/cluster-of.ts'
import { completedWith, jobData } from '../../support/completed-server.ts'
import { httpServer } from '../../support/http-server.ts'
import { testKubernetes } from '../../support/local-kubernetes.ts'
import { meddledKubernetes } from '../../support/meddled-kubernetes.ts'
import { newRecord } from '../../support/new-record.ts'
import { poll } from '../../support/poll.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'
import { runningJob, startedJob } from '../../support/running-job.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)

/** A running job-completed with a local stand-in for Kubernetes. */
async function completedServer (t: Test) {
  const cluster = clusterOf(await testKubernetes(t))
  const place = { store, cluster }
  return {
    ...place,
    ...await completedWith(t, place),
    start: async (script: string) => (await startedJob(place, script)).record.job_uuid,
    run: async (script: string) => await runningJob(place, script),
    /** Resolves when the Job has this condition. */
    has: async (id: string, type: string) =>
      await poll(
        `the Job is ${type}`,
        async () =>
          (await cluster.batch.readNamespacedJob({ namespace: cluster.namespace, name: objectName(id) })).status
            ?.conditions?.some((one) => one.type === type)
      ),
    recordOf: async (id: string) => (await readRecord(store, id))!.record,
    /** Resolves when the marker of the job is removed. */
    done: async (id: string) =>
      await poll('the marker is gone', async () => await headObject(store, markerKey(id)) === undefined),
    logOf: async (id: string) => (await getObject(store, logKey(id)))?.body.toString()
  }
}

await t.test('a complete Job with complete results succeeds; then its log is kept and its marker removed', async (t) => {
  const { send, start, has, recordOf, done, logOf, cluster } = await completedServer(t)
  const id = await start('echo hello; echo größer >&2')
  await has(id, 'Complete')
  const [pod] = await cluster.pods()
  await writeManifest(store, id, pod!.metadata!.uid!, { files: 0, bytes: 0, at: new Date().toISOString() })
  const response = await send(jobData(id))
  t.equal(response.status, 204)
  const record = await recordOf(id)
  t.match(record, {
    state: 'succeeded',
    attempt: pod!.metadata!.uid!,
    exit_code: 0,
    started_at: /Z$/,
    finished_at: /Z$/,
    history: [{ state: 'accepted' }, { state: 'running' }, { state: 'succeeded' }]
  })
  t.notOk('reason' in record)
  await done(id)
  t.equal(await logOf(id), 'hello\ngrößer\n')
})

await t.test('a complete Job without complete results gives state failed', async (t) => {
  const { send, start, has, recordOf } = await completedServer(t)
  const id = await start('true')
  await has(id, 'Complete')
  t.equal((await send(jobData(id), { mode: 'structured' })).status, 204)
  t.match(await recordOf(id), { state: 'failed', reason: 'ResultsIncomplete', exit_code: 0 })
})

await t.test('a failed Job gives a reason, an exit code and a log', async (t) => {
  const { send, start, has, recordOf, done, logOf } = await completedServer(t)
  const id = await start('echo oh no; exit 3')
  await has(id, 'Failed')
  t.equal((await send(jobData(id))).status, 204)
  t.match(await recordOf(id), { state: 'failed', reason: 'BackoffLimitExceeded', exit_code: 3 })
  await done(id)
  t.equal(await logOf(id), 'oh no\n')
})

await t.test('the status of a Job in an event is not used', async (t) => {
  const { send, run, recordOf } = await completedServer(t)
  const { record: { job_uuid: id } } = await run('exec sleep 60')
  const forged = {
    status: { completionTime: '2026-11-22T12:58:34Z', succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] }
  }
  t.equal((await send(jobData(id, forged))).status, 204)
  t.match(await recordOf(id), { state: 'running' })
  t.equal((await send(jobData(id, forged), { type: 'dev.knative.apiserver.resource.delete' })).status, 204)
  t.match(await recordOf(id), { state: 'running' })
})

await t.test('repeated, concurrent and reordered events give one history', async (t) => {
  const { send, start, has, recordOf, done } = await completedServer(t)
  const id = await start('exit 3')
  await has(id, 'Failed')
  const types = ['update', 'add', 'update', 'delete', 'update'].map((type) => `dev.knative.apiserver.resource.${type}`)
  t.same(await Promise.all(types.map(async (type) => (await send(jobData(id), { type })).status)), types.map(() => 204))
  const record = await recordOf(id)
  t.match(record, { state: 'failed', exit_code: 3 })
  t.same(record.history.map(({ state }) => state), ['accepted', 'running', 'failed'])
  await done(id)
  t.equal((await send(jobData(id))).status, 204, 'an event after the end is accepted')
  t.same(await recordOf(id), record)
})

await t.test('a job becomes canceled when its last process has ended, and its log has the last output', async (t) => {
  const kubernetes = await meddledKubernetes(t)
  const { send } = await completedWith(t, { store, cluster: kubernetes.cluster })
  const cluster = kubernetes.real
  const mayEnd = join(mkdtempSync(join(tmpdir(), 'gx4ki-test-')), 'may-end')
  t.teardown(() => rmSync(dirname(mayEnd), { recursive: true }))
  kubernetes.meddle = async ({ url }, pass) => {
    if (url.includes('follow=true')) writeFileSync(mayEnd, '')
    return await pass()
  }
  const { record: { job_uuid: id } } = await runningJob(
    { store, cluster },
    `
    trap 'while [ ! -e ${mayEnd} ]; do sleep 0.05; done; sleep 0.5; echo bye; exit 7' TERM
    echo started
    while :; do sleep 0.05; done`,
    {},
    { terminationGracePeriodSeconds: 30 }
  )
  const [pod] = await cluster.pods()
  await poll(
    'the workload has started',
    async () =>
      (await cluster.core.readNamespacedPodLog({ namespace: cluster.namespace, name: pod!.metadata!.name! })).includes(
        'started'
      )
  )

  await advanceRecord(
    store,
    id,
    (record) =>
      advance(
        record,
        { stop: { reason: 'CancelRequested', at: new Date().toISOString() }, reason: 'CancelRequested' },
        new Date()
      )
  )
  await cluster.batch.deleteNamespacedJob({
    namespace: cluster.namespace,
    name: objectName(id),
    propagationPolicy: 'Foreground'
  })
  t.equal((await send(jobData(id))).status, 204)
  t.match((await readRecord(store, id))!.record, { state: 'running', reason: 'CancelRequested' }, 'still running')
  await poll('the Job is gone', async () => (await cluster.jobs()).length === 0)
  t.equal((await send(jobData(id), { type: 'dev.knative.apiserver.resource.delete' })).status, 204)
  t.match((await readRecord(store, id))!.record, { state: 'canceled', reason: 'CancelRequested' })
  await poll('the marker is gone', async () => await headObject(store, markerKey(id)) === undefined)
  t.equal((await getObject(store, logKey(id)))!.body.toString(), 'started\nbye\n')
})

await t.test('a job is lost when another client deletes its Job', async (t) => {
  const { send, run, recordOf, done, logOf, cluster } = await completedServer(t)
  const { record: { job_uuid: id } } = await run('exec sleep 60')
  await send(jobData(id))
  await cluster.batch.deleteNamespacedJob({
    namespace: cluster.namespace,
    name: objectName(id),
    propagationPolicy: 'Background',
    gracePeriodSeconds: 0
  })
  await poll(
    'the Job and its pods are gone',
    async () => (await cluster.jobs()).length + (await cluster.pods()).length === 0
  )
  t.equal((await send(jobData(id), { type: 'dev.knative.apiserver.resource.delete' })).status, 204)
  t.match(await recordOf(id), { state: 'lost', reason: 'JobDeleted' })
  await done(id)
  t.match(await logOf(id), /gone/)
})

await t.test('rejects an event that is not about a known job, and names the field', async (t) => {
  const { send } = await completedServer(t)
  const id = newJobId()
  const before = await listObjects(store, { prefix: '', tags: false })
  for (
    const [field, data] of [
      ['data.kind', undefined],
      ['data.kind', null],
      ['data.kind', 'Job'],
      ['data.kind', [jobData(id)]],
      ['data.kind', { ...jobData(id), kind: 'Pod' }],
      ['data.metadata.namespace', { kind: 'Job' }],
      ['data.metadata.namespace', { kind: 'Job', metadata: null }],
      ['data.metadata.namespace', { kind: 'Job', metadata: { namespace: 'default', labels: {} } }],
      ['data.metadata.labels', { kind: 'Job', metadata: { namespace: 'gx4ki-jobs' } }],
      ['data.metadata.labels', {
        kind: 'Job',
        metadata: { namespace: 'gx4ki-jobs', labels: { 'gx4ki.job.uuid': '../x' } }
      }],
      ['data.metadata.labels', { kind: 'Job', metadata: { namespace: 'gx4ki-jobs', labels: { 'gx4ki.job.uuid': 7 } } }],
      ['data.metadata.labels', jobData(id)]
    ] as const
  ) await problemAbout(t, await send(data), field, 422, 'unknown-event-job')
  for (const type of ['dev.knative.apiserver.ref.update', 'dev.knative.apiserver.resource.updated', 'com.example']) {
    await problemAbout(t, await send(jobData(id), { type }), 'type', 400, 'invalid-event')
  }
  t.same(await listObjects(store, { prefix: '', tags: false }), before)
})

await t.test('a dead letter is stored unchanged', async (t) => {
  const { send } = await completedServer(t)
  for (
    const [id, mode] of [['an id', 'binary'], ['../odd/ü', 'structured'], ['x'.repeat(5000), 'structured'], [
      '\ud800',
      'structured'
    ], ['an id', 'binary']] as const
  ) {
    t.equal(
      (await send({ kind: 'Job', name: 'größer' }, { path: '/dead-letter', type: 'com.example.any', id, mode })).status,
      204
    )
  }
  const { objects } = await listObjects(store, { prefix: 'dead-letter/', tags: false })
  t.equal(objects.length, 5)
  for (const { key } of objects) t.match(key, /^dead-letter\/20[-:.T\d]+Z-[0-9a-f]{64}\.json$/)
  t.match(JSON.parse((await getObject(store, objects[1]!.key))!.body.toString()), {
    id: '../odd/ü',
    type: 'com.example.any',
    specversion: '1.0',
    data: { kind: 'Job', name: 'größer' }
  })
})

await t.test('an outage of Kubernetes or of the store gives status 503', async (t) => {
  const record = newRecord({ state: 'running', job_uid: 'uid' })
  await createRecord(store, record)
  const id = record.job_uuid
  const nonsense = await httpServer(
    t,
    (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>')
  )
  const forbidden = await httpServer(
    t,
    (_, response) => response.writeHead(403, { 'content-type': 'application/json' }).end('{"kind":"Status","code":403}')
  )
  for (const url of [await closedUrl(), nonsense.url, forbidden.url]) {
    const { send, ping } = await completedWith(t, { store, cluster: clusterAt(t, url) })
    await problemOf(t, await send(jobData(id)), 503, 'kubernetes-unavailable')
    await problemOf(t, await ping(), 503, 'kubernetes-unavailable')
  }
  t.same((await readRecord(store, id))!.record, record)

  const settings = {
    S3_ENDPOINT: await closedUrl(),
    S3_ACCESS_KEY: 'a',
    S3_SECRET_KEY: 'b',
    S3_BUCKET: 'bucket',
    S3_REGION: 'us-east-1'
  }
  const { send } = await completedWith(t, { store: openStore(settings), cluster: clusterAt(t, forbidden.url) })
  await problemOf(t, await send(jobData(id)), 503, 'store-unavailable')
  await problemOf(t, await send({}, { path: '/dead-letter' }), 503, 'store-unavailable')
})

await t.test('the shutdown waits until the log is kept', async (t) => {
  const { send, start, has, close, logOf } = await completedServer(t)
  const id = await start('echo last words; exit 3')
  await has(id, 'Failed')
  t.equal((await send(jobData(id))).status, 204)
  await close()
  t.equal(await logOf(id), 'last words\n')
})
