import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { V1PodList, V1PodSpec } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { isLostLog } from '../../../shared/job/lost-log.ts'
import { advanceRecord, createRecord, readRecord } from '../../../shared/job/record-store.ts'
import { objectName } from '../../../shared/kubernetes/cluster.ts'
import { logKey, markerKey, stateKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, headObject, listObjects, putObject, removeObject } from '../../../shared/store/object-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { clusterOf } from '../../support/cluster-of.ts'
import { completedWith, jobData } from '../../support/completed-server.ts'
import { gainsFrom } from '../../support/gains.ts'
import { httpServer } from '../../support/http-server.ts'
import { shell, testKubernetes } from '../../support/local-kubernetes.ts'
import { meddledKubernetes } from '../../support/meddled-kubernetes.ts'
import { newRecord } from '../../support/new-record.ts'
import { poll } from '../../support/poll.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'
import { putFirstResults, putResults } from '../../support/put-results.ts'
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
  const leftOut = { left_out: [{ name: 'latest', reason: 'it is a link that leads out of the result folder' }] }
  await putResults(store, { id, attempt: pod!.metadata!.uid! }, { a: '123' }, { ...leftOut, left_out_count: 1 })
  const response = await send(jobData(id))
  t.equal(response.status, 204)
  const record = await recordOf(id)
  t.match(record, {
    state: 'succeeded',
    attempt: pod!.metadata!.uid!,
    exit_code: 0,
    started_at: /Z$/,
    finished_at: /Z$/,
    results: { files: 1, bytes: 3, complete: true, ...leftOut, left_out_count: 1 },
    history: [{ state: 'accepted' }, { state: 'running' }, { state: 'succeeded' }]
  })
  t.notOk('reason' in record)
  t.notOk('message' in record, 'what is no file is named, but does not make the job fail')
  await done(id)
  t.equal(await logOf(id), 'hello\ngrößer\n')
})

await t.test('a complete Job without complete results gives state failed, and names the files', async (t) => {
  const { send, start, has, recordOf, cluster } = await completedServer(t)
  const id = await start('true')
  await has(id, 'Complete')
  const [pod] = await cluster.pods()
  const names = Array.from({ length: 1000 }, (_, at) => ({ name: `${at}\\x0a`, reason: 'its name has a line break' }))
  await putResults(store, { id, attempt: pod!.metadata!.uid! }, { a: '123', b: '4567' }, {
    complete: false,
    left_out: names,
    left_out_count: 2345
  })
  t.equal((await send(jobData(id), { mode: 'structured' })).status, 204)
  const { results, ...record } = await recordOf(id)
  t.match(record, {
    state: 'failed',
    reason: 'ResultsIncomplete',
    message:
      'Not all files could be stored: 0\\x0a (its name has a line break), and 2344 more; 2 files with 7 bytes came up. ' +
      'The stored files are kept, and results.left_out names the others.',
    exit_code: 0
  })
  t.same(results, { files: 2, bytes: 7, complete: false, left_out: names.slice(0, 20), left_out_count: 2345 })
})

await t.test('a complete Job whose uploader was killed without a word gives state failed', async (t) => {
  const { send, start, has, recordOf, cluster } = await completedServer(t)
  const id = await start('true')
  await has(id, 'Complete')
  const [pod] = await cluster.pods()
  await putFirstResults(store, { id, attempt: pod!.metadata!.uid! }, { a: '123' })
  t.equal((await send(jobData(id))).status, 204)
  t.match(await recordOf(id), {
    state: 'failed',
    reason: 'ResultsIncomplete',
    message: 'The uploader was ended before it could say that all files are stored; 1 file with 3 bytes came up. The ' +
      'stored files are kept.',
    results: { files: 1, bytes: 3, complete: false, left_out: [], left_out_count: 0 }
  })
})

await t.test('a failed Job gives a reason, an exit code, its results and a log', async (t) => {
  const { send, start, has, recordOf, done, logOf, cluster } = await completedServer(t)
  const id = await start('echo oh no; exit 3')
  await has(id, 'Failed')
  const [pod] = await cluster.pods()
  await putResults(store, { id, attempt: pod!.metadata!.uid! }, { 'core.dump': '123' })
  t.equal((await send(jobData(id))).status, 204)
  t.match(await recordOf(id), {
    state: 'failed',
    reason: 'BackoffLimitExceeded',
    exit_code: 3,
    results: { files: 1, bytes: 3, complete: true }
  })
  await done(id)
  t.equal(await logOf(id), 'oh no\n')
})

/** A job of several containers, judged when its Job has failed and its log is kept. */
async function failedJob (t: Test, pod: Partial<V1PodSpec>) {
  const { store, cluster, send, has, recordOf, done, logOf, url } = await completedServer(t)
  const gains = await gainsFrom(url)
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'true', {}, pod)
  await has(id, 'Failed')
  t.equal((await send(jobData(id))).status, 204)
  await done(id)
  return { record: await recordOf(id), log: await logOf(id), gained: await gains() }
}

await t.test('an init container that fails is named, and the end of its log is kept', async (t) => {
  const { record, log } = await failedJob(t, {
    initContainers: [shell('fetch-inputs', 'echo "curl: (22) 403" >&2; exit 22')],
    containers: [shell('workload', 'echo never')]
  })
  t.match(record, { state: 'failed', reason: 'InitContainerFailed', message: /fetch-inputs failed with exit code 22/ })
  for (const field of ['started_at', 'exit_code'] as const) t.notOk(field in record, field)
  t.equal(log, '--- the container fetch-inputs ended with exit code 22, and its log with this: ---\ncurl: (22) 403\n')
})

await t.test('a second container that fails is named, and the exit code of the workload stays its own', async (t) => {
  const { record, log } = await failedJob(t, {
    containers: [shell('workload', 'echo sim ok; sleep 1'), shell('recorder', 'echo "no space left" >&2; exit 5')]
  })
  t.match(record, {
    state: 'failed',
    reason: 'ContainerFailed',
    message: /recorder failed with exit code 5; the workload, container workload, ended with exit code 0/,
    exit_code: 0
  })
  t.equal(log, 'sim ok\n--- the container recorder ended with exit code 5, and its log with this: ---\nno space left\n')
})

await t.test('a program that could not be started has no start: in no record, history or metric', async (t) => {
  const { record, log, gained } = await failedJob(t, {
    containers: [{ name: 'workload', image: 'none', command: ['python4', 'run.py'] }]
  })
  t.match(record, { state: 'failed', reason: 'StartError', message: /workload could not start: .*python4/ })
  for (const field of ['started_at', 'exit_code'] as const) t.notOk(field in record, field)
  t.same(record.history.map(({ state }) => state), ['accepted', 'failed'])
  t.notMatch(JSON.stringify(record), /1970/)
  t.equal(log, undefined)
  t.equal(gained('gx4ki_job_start_seconds_count', { template: 'test' }), 0)
  t.equal(gained('gx4ki_job_run_seconds_count', { template: 'test', state: 'failed' }), 0)
})

await t.test('the exit code and the log of a pod that is taken away are kept, though it is gone at the end', async (t) => {
  const kubernetes = await meddledKubernetes(t)
  const { send } = await completedWith(t, { store, cluster: kubernetes.cluster })
  const cluster = kubernetes.real
  // Eviction sets a condition before the pod is deleted; the stand-in has no eviction.
  const target = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting'
  }
  const asRunning = { state: { running: { startedAt: '2026-11-22T12:58:34Z' } } }
  const asEnded = { state: { terminated: { exitCode: 7, startedAt: '2026-11-22T12:58:34Z' } } }
  let [last, reports]: [V1PodList | undefined, number] = [undefined, 0]
  kubernetes.meddle = async ({ url }, pass) => {
    const answer = await pass()
    if (!url.includes('/pods?')) return answer
    let list = JSON.parse(answer.body) as V1PodList
    if (list.items.length > 0) last = list
    // A kubelet reports no end before that of all containers, and the pod is gone a moment later.
    else if (last !== undefined && reports++ === 0) list = last
    for (const { status } of list.items) {
      status!.conditions = [...status!.conditions ?? [], target]
      for (const one of status!.containerStatuses ?? []) Object.assign(one, reports === 0 ? asRunning : asEnded)
    }
    return { ...answer, body: JSON.stringify(list) }
  }
  // Like an uploader, the second container outlives the workload.
  const { record: { job_uuid: id }, pod } = await runningJob({ store, cluster }, '', { podReplacementPolicy: 'Failed' }, {
    terminationGracePeriodSeconds: 30,
    containers: [
      shell('workload', "trap 'sleep 1; echo bye; exit 7' TERM; echo started; while :; do sleep 0.05; done"),
      shell('second', "trap 'sleep 4; exit 0' TERM; while :; do sleep 0.05; done")
    ]
  })
  const readLog = async () =>
    await cluster.core.readNamespacedPodLog({ namespace: 'gx4ki-jobs', name: pod.metadata!.name!, container: 'workload' })
  await poll('the workload has started', async () => (await readLog()).includes('started'))
  await cluster.core.deleteNamespacedPod({ namespace: 'gx4ki-jobs', name: pod.metadata!.name! })
  t.equal((await send(jobData(id))).status, 204)
  t.match((await readRecord(store, id))!.record, {
    state: 'running',
    reason: 'EvictionByEvictionAPI',
    message: /^The cluster took the pod away\. /
  })
  await poll(
    'the end of the pod was seen before an event tells that the Job has failed',
    async () => reports > 0 && (await readRecord(store, id))!.record.exit_code === 7
  )
  await poll('the Job has failed, and its pod is gone', async () =>
    (await cluster.pods()).length === 0 && (await cluster.jobs())[0]!.status?.conditions?.some(({ type }) =>
      type === 'Failed'))
  t.equal((await send(jobData(id))).status, 204)
  t.match((await readRecord(store, id))!.record, {
    state: 'failed',
    reason: 'EvictionByEvictionAPI',
    message: /^The cluster took the pod away\. Eviction API: evicting\. It was not the fault of the program/,
    exit_code: 7
  })
  await poll('the marker is gone', async () => await headObject(store, markerKey(id)) === undefined)
  t.equal((await getObject(store, logKey(id)))!.body.toString(), 'started\nbye\n')
})

await t.test('a Job that Kubernetes removed after it finished is not lost', async (t) => {
  const { send, recordOf } = await completedServer(t)
  const record = newRecord({ state: 'running', job_uid: 'gone', attempt: 'pod', exit_code: 0 })
  const id = record.job_uuid
  await createRecord(store, record)
  await putResults(store, { id, attempt: 'pod' }, { 'a.txt': 'data\n' })
  t.equal((await send(jobData(id), { type: 'dev.knative.apiserver.resource.delete' })).status, 204)
  t.match(await recordOf(id), { state: 'succeeded', exit_code: 0, results: { files: 1, complete: true } })
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
  const stopping = (await readRecord(store, id))!.record
  t.match(stopping, { state: 'running', reason: 'CancelRequested' }, 'still running')
  t.notOk('results' in stopping, 'the results may still grow')
  await putResults(store, { id, attempt: pod!.metadata!.uid! }, { a: '123' })
  await poll('the Job is gone', async () => (await cluster.jobs()).length === 0)
  t.equal((await send(jobData(id), { type: 'dev.knative.apiserver.resource.delete' })).status, 204)
  t.match((await readRecord(store, id))!.record, {
    state: 'canceled',
    reason: 'CancelRequested',
    results: { files: 1, bytes: 3, complete: true }
  })
  await poll('the marker is gone', async () => await headObject(store, markerKey(id)) === undefined)
  t.equal((await getObject(store, logKey(id)))!.body.toString(), 'started\nbye\n')
})

await t.test('a job is lost when another client deletes its Job', async (t) => {
  const { send, run, recordOf, done, cluster } = await completedServer(t)
  const { record: { job_uuid: id }, pod } = await run('exec sleep 60')
  await send(jobData(id))
  await putFirstResults(store, { id, attempt: pod.metadata!.uid! }, { a: '123' })
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
  t.match(await recordOf(id), {
    state: 'lost',
    reason: 'JobDeleted',
    results: { files: 1, bytes: 3, complete: false }
  })
  await done(id)
  t.equal(await isLostLog(store, id, 0), true)
})

await t.test('a job is lost, and keeps its results, when another Job has its name', async (t) => {
  const { send, recordOf, cluster } = await completedServer(t)
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'true', { suspend: true })
  const attempt = 'of the deleted Job'
  const deleted = { job_uid: 'deleted', state: 'running', attempt } as const
  await advanceRecord(store, id, (record) => ({ ...record, ...deleted, revision: 2 }))
  await putFirstResults(store, { id, attempt }, { a: '123' })
  t.equal((await send(jobData(id))).status, 204)
  t.match(await recordOf(id), { state: 'lost', results: { files: 1, bytes: 3 } })
})

await t.test('the JSON of a Job is not checked strictly, because only its label is used', async (t) => {
  const { url, run } = await completedServer(t)
  const { record: { job_uuid: id } } = await run('exec sleep 60')
  // A name that is given twice is what only the strict checks see. They take several times as long as JSON.parse.
  const data = JSON.stringify(jobData(id)).replace('{', '{"a": 1, "a": 2, ')
  const attributes = { id: '1', source: '/a', specversion: '1.0', type: 'dev.knative.apiserver.resource.update' }
  const binary = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]))
  const structured = JSON.stringify(attributes).replace(/}$/, `, "data": ${data}}`)
  for (
    const [headers, body] of [
      [{ ...binary, 'content-type': 'application/json' }, data],
      [{ 'content-type': 'application/cloudevents+json' }, structured]
    ] as const
  ) {
    t.equal((await fetch(url, { method: 'POST', headers, body })).status, 204)
    const broken = await fetch(url, { method: 'POST', headers, body: body.slice(0, -1) })
    await problemAbout(t, broken, 'body', 400, 'invalid-event')
  }
})

await t.test('rejects an event that is not about a known job, and names the field', async (t) => {
  const { send, cluster } = await completedServer(t)
  const id = newJobId()
  // Of another installation in the same namespace, or of one that has lost its bucket.
  const { record: { job_uuid: withoutRecord } } = await startedJob({ store, cluster }, 'true', { suspend: true })
  await removeObject(store, stateKey(withoutRecord))
  await removeObject(store, markerKey(withoutRecord))
  const { objects: before } = await listObjects(store, { prefix: '', tags: false })
  for (
    const [field, data] of [
      ['data.kind', undefined],
      ['data.kind', null],
      ['data.kind', '"Job"'],
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
      ['data.metadata.labels', jobData(withoutRecord)]
    ] as const
  ) await problemAbout(t, await send(data), field, 422, 'unknown-event-job')
  for (const type of ['dev.knative.apiserver.ref.update', 'dev.knative.apiserver.resource.updated', 'com.example']) {
    await problemAbout(t, await send(jobData(id), { type }), 'type', 400, 'invalid-event')
  }
  t.same((await listObjects(store, { prefix: '', tags: false })).objects, before)
})

await t.test('an event that is faster than the record of its job is refused for now, and comes again', async (t) => {
  const { send, cluster } = await completedServer(t)
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'true', { suspend: true })
  const written = await getObject(store, stateKey(id))
  await removeObject(store, stateKey(id))
  await problemOf(t, await send(jobData(id)), 503, 'record-to-come')
  const { now } = Date
  const later = t.intercept(Date, 'now', { value: () => now() + 15_000 })
  t.equal((await send(jobData(id))).status, 204, 'it does not hold up other events for long')
  later.restore()
  await putObject(store, stateKey(id), written!.body, {}, 'unconditional')
  t.equal((await send(jobData(id))).status, 204)
})

await t.test('there is nothing to do for an event about a job that was withdrawn, or has expired', async (t) => {
  const { url, send, run, cluster } = await completedServer(t)
  const gains = await gainsFrom(url)
  t.equal((await send(jobData(newJobId()))).status, 204, 'its Job is gone')
  const { record: { job_uuid: id } } = await run('trap "" TERM; sleep 5')
  await removeObject(store, stateKey(id))
  await cluster.batch.deleteNamespacedJob({
    namespace: cluster.namespace,
    name: objectName(id),
    propagationPolicy: 'Foreground'
  })
  t.equal((await send(jobData(id))).status, 204, 'its Job is being deleted')
  const without = (await gains())('gx4ki_events_without_effect_total', { type: 'dev.knative.apiserver.resource.update' })
  t.equal(without, 2)
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
