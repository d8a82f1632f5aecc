import t, { type Test } from 'tap'
import type { Callback } from '../../../shared/job/callbacks/callback.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { noteOwing, readRecord } from '../../../shared/job/record-store.ts'
import { objectName } from '../../../shared/kubernetes/cluster.ts'
import { logKey, markerKey, stateKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, headObject, putObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { clusterOf } from '../../support/cluster-of.ts'
import { completedWith } from '../../support/completed-server.ts'
import { testKubernetes } from '../../support/local-kubernetes.ts'
import { meddledKubernetes, status } from '../../support/meddled-kubernetes.ts'
import { openRecord } from '../../support/open-record.ts'
import { poll } from '../../support/poll.ts'
import { putResults } from '../../support/put-results.ts'
import { runningJob, startedJob } from '../../support/running-job.ts'
import { testStore } from '../../support/store.ts'

async function completedServer (t: Test) {
  const store = await testStore(t)
  const cluster = clusterOf(await testKubernetes(t))
  return { store, cluster, ...await completedWith(t, { store, cluster }) }
}

const recordOf = async (store: Store, id: string): Promise<JobRecord> => (await readRecord(store, id))!.record

await t.test('a ping finds changes without events, and keeps the logs', async (t) => {
  const { store, cluster, ping } = await completedServer(t)
  const place = { store, cluster }
  const [failed, complete] = await Promise.all([
    startedJob(place, 'echo oh no; exit 3'),
    startedJob(place, 'echo done')
  ])
  const { record: running } = await runningJob(place, 'exec sleep 60')
  const waiting = await startedJob(place, 'true', { suspend: true })
  const lost = await openRecord(store, { state: 'running', job_uid: 'uid', started_at: '2026-11-22T12:00:00.000Z' })
  const canceled = await openRecord(store, {
    state: 'running',
    job_uid: 'uid',
    stop: { reason: 'CancelRequested', at: '2026-11-22T12:00:00.000Z' }
  })
  const accepted = await openRecord(store)
  await poll(
    'both have ended',
    async () =>
      (await cluster.jobs()).filter(({ status }) =>
        status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed')
      ).length === 2
  )
  const pod = (await cluster.pods()).find(({ metadata }) =>
    metadata!.labels!['gx4ki.job.uuid'] === complete.record.job_uuid
  )!
  await putResults(store, { id: complete.record.job_uuid, attempt: pod.metadata!.uid! }, {})

  t.equal((await ping()).status, 204)
  t.match(await recordOf(store, failed.record.job_uuid), { state: 'failed', exit_code: 3 })
  t.match(await recordOf(store, complete.record.job_uuid), { state: 'succeeded' })
  t.match(await recordOf(store, running.job_uuid), { state: 'running', attempt: /./ })
  t.match(await recordOf(store, waiting.record.job_uuid), { state: 'pending', reason: 'Suspended' })
  t.match(await recordOf(store, lost), { state: 'lost', reason: 'JobDeleted' })
  t.match(await recordOf(store, canceled), { state: 'canceled' })
  t.match(await recordOf(store, accepted), { state: 'accepted', revision: 1 }, 'only deploy completes a start')

  const ended = [failed.record.job_uuid, complete.record.job_uuid, lost, canceled]
  await poll(
    'the markers of the ended jobs are removed',
    async () =>
      (await Promise.all(ended.map(async (id) => await headObject(store, markerKey(id))))).every((one) =>
        one === undefined
      )
  )
  t.equal((await getObject(store, logKey(failed.record.job_uuid)))?.body.toString(), 'oh no\n')
  t.equal((await getObject(store, logKey(complete.record.job_uuid)))?.body.toString(), 'done\n')
  for (const id of [running.job_uuid, waiting.record.job_uuid, accepted]) {
    t.ok(await headObject(store, markerKey(id)), 'the markers of the other jobs stay')
  }
})

await t.test('a marker that a process left after the last callback is removed', async (t) => {
  const { store, ping } = await completedServer(t)
  const endedWith = async (callback: Pick<Callback, 'state' | 'due_at'>): Promise<string> =>
    await openRecord(store, {
      state: 'succeeded',
      targets: [{ kind: 'webhook', url: 'https://example.org', secret_ref: 'any', events: ['succeeded'] }],
      callbacks: [{ id: '0-succeeded', target: 0, call: 'succeeded', attempts: [], ...callback }]
    })
  const delivered = await endedWith({ state: 'delivered' })
  const later = await endedWith({ state: 'owed', due_at: '2999-01-01T00:00:00.000Z' })
  for (const id of [delivered, later]) await noteOwing(store, id)

  t.equal((await ping()).status, 204)
  await poll('its marker is removed', async () => await headObject(store, markerKey(delivered)) === undefined)
  t.ok(await headObject(store, markerKey(later)), 'the marker of a job that owes a callback stays')
})

await t.test('a job that is created during a ping does not become lost', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { ping } = await completedWith(t, { store, cluster: kubernetes.cluster })
  const id = await openRecord(store)
  let made = 0
  kubernetes.meddle = async ({ url }, pass) => {
    const answer = await pass()
    // The API server has already made the list of Jobs, so it is out of date now.
    if (/\/jobs\?/.test(url) && made++ === 0) {
      const record = await recordOf(store, id)
      await startedJob({ store, cluster: kubernetes.real }, 'true', { suspend: true }, {}, { ...record, state: 'pending' })
    }
    return answer
  }
  t.equal((await ping()).status, 204)
  t.equal(made, 1)
  t.match(await recordOf(store, id), { state: 'pending', job_uid: /./ })
})

await t.test('a job whose job_uid is recorded after its Job was not found does not become lost', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { ping } = await completedWith(t, { store, cluster: kubernetes.cluster })
  const id = await openRecord(store, { stop: { reason: 'CancelRequested', at: new Date().toISOString() } })
  kubernetes.meddle = async ({ url }, pass) => {
    const answer = await pass()
    if (url.endsWith(objectName(id)) && answer.code === 404) {
      await putObject(
        store,
        stateKey(id),
        JSON.stringify({ ...await recordOf(store, id), state: 'pending', job_uid: 'made just now', revision: 2 }),
        {},
        'unconditional'
      )
    }
    return answer
  }
  t.equal((await ping()).status, 204)
  t.match(await recordOf(store, id), { state: 'pending', job_uid: 'made just now' })
})

await t.test('a job that cannot be settled does not prevent others from being settled', async (t) => {
  const { store, ping } = await completedServer(t)
  const gone = (minutes: number): Partial<JobRecord> => ({
    job_uuid: newJobId(new Date(Date.now() + minutes * 60_000)),
    state: 'running',
    job_uid: 'uid'
  })
  const first = await openRecord(store, gone(1))
  const broken = newJobId()
  await putObject(store, markerKey(broken), '', {}, 'unconditional')
  await putObject(store, stateKey(broken), 'hello', {}, 'unconditional')
  await putObject(store, markerKey(newJobId()), '', {}, 'unconditional')
  await putObject(store, markerKey('no-id'), '', {}, 'unconditional')
  const last = await openRecord(store, gone(-1))
  t.equal((await ping()).status, 204)
  for (const id of [first, last]) t.match(await recordOf(store, id), { state: 'lost' })
})

for (const code of [500, 404]) {
  await t.test(`a log request that fails with ${code} is repeated at the next ping`, async (t) => {
    const store = await testStore(t)
    const kubernetes = await meddledKubernetes(t)
    const { ping } = await completedWith(t, { store, cluster: kubernetes.cluster })
    const { record: { job_uuid: id } } = await startedJob({ store, cluster: kubernetes.real }, 'echo late; exit 3')
    await poll(
      'it has ended',
      async () => (await kubernetes.real.jobs())[0]!.status?.conditions?.some(({ type }) => type === 'Failed')
    )
    let refused = 0
    kubernetes.meddle = async ({ url }, pass) =>
      url.includes('/log?') && refused++ === 0 ? status(code, 'no') : await pass()
    t.equal((await ping()).status, 204)
    t.match(await recordOf(store, id), { state: 'failed' })
    await poll('the log was requested', () => refused === 1)
    t.ok(await headObject(store, markerKey(id)), 'the marker stays')
    await poll('the log is kept', async () => {
      await ping()
      return await getObject(store, logKey(id)) !== undefined
    })
    t.equal((await getObject(store, logKey(id)))!.body.toString(), 'late\n')
  })
}
