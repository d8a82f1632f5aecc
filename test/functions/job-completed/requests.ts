import t, { type Test } from 'tap'
import { advanceRecord, readRecord } from '../../../shared/job/record-store.ts'
import { oweAgain } from '../../../shared/job/callbacks/owed-callbacks.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { JOB_LABEL, MANAGED_BY, objectName } from '../../../shared/kubernetes/cluster.ts'
import { markerKey, pingNotesKey } from '../../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../../shared/store/object-store.ts'
import { completedWith, jobData } from '../../support/completed-server.ts'
import { countedPlace } from '../../support/counted-place.ts'
import { httpServer } from '../../support/http-server.ts'
import { jobOf, shell } from '../../support/local-kubernetes.ts'
import { openRecord } from '../../support/open-record.ts'
import { poll } from '../../support/poll.ts'
import { putResults } from '../../support/put-results.ts'
import { runningJob, startedJob } from '../../support/running-job.ts'

async function countedServer (t: Test, settings = {}) {
  const place = await countedPlace(t)
  const start = async () => await completedWith(t, place.counted, settings)
  return { ...place, ...place.direct, start, ...await start() }
}

/** Waits until no request has come for half a second: the follow-ups have ended. */
async function atRest ({ requests }: Pick<Awaited<ReturnType<typeof countedPlace>>, 'requests'>) {
  const all: ReturnType<typeof requests> = { store: [], api: [] }
  for (let quiet = 0; quiet < 5; quiet++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { store, api } = requests()
    if (store.length + api.length > 0) quiet = 0
    all.store.push(...store)
    all.api.push(...api)
  }
  return all
}

await t.test('the end of a job takes 8 requests to the store and 3 to the API server; a duplicate takes none', async (t) => {
  const server = await countedServer(t)
  const { store, cluster, send } = server
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'echo hello')
  await poll('it is complete', async () =>
    (await cluster.jobs())[0]!.status?.conditions?.some(({ type }) => type === 'Complete'))
  await putResults(store, { id, attempt: (await cluster.pods())[0]!.metadata!.uid! }, { a: '123' })
  server.requests()

  t.equal((await send(jobData(id))).status, 204)
  t.match((await readRecord(store, id))!.record, { state: 'succeeded' })
  await poll('the marker is gone', async () => await headObject(store, markerKey(id)) === undefined)
  const end = await atRest(server)
  t.equal(end.store.length, 8, end.store.join('\n'))
  t.equal(end.api.length, 3, end.api.join('\n'))

  t.equal((await send(jobData(id))).status, 204)
  const duplicate = await atRest(server)
  t.same(duplicate, { store: [], api: [] })

  // Another process looks for what the first may have left.
  const other = await server.start()
  for (const requests of [2, 0]) {
    t.equal((await other.send(jobData(id))).status, 204)
    t.equal((await atRest(server)).store.length, requests)
  }
})

await t.test('an event that changes nothing takes one request to the store and two to the API server', async (t) => {
  const server = await countedServer(t)
  const { store, cluster, send } = server
  const { record: { job_uuid: id } } = await runningJob({ store, cluster }, 'exec sleep 600')
  t.equal((await send(jobData(id))).status, 204)
  await atRest(server)
  t.equal((await send(jobData(id))).status, 204)
  const { store: asked, api } = await atRest(server)
  t.equal(asked.length, 1, asked.join('\n'))
  t.equal(api.length, 2, api.join('\n'))
})

await t.test('a callback that is delivered at once adds two writes and one look at the record', async (t) => {
  const receiver = await httpServer(t)
  const server = await countedServer(t, { K_SINK: receiver.url })
  const { store, cluster, send } = server
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'exit 3')
  await advanceRecord(store, id, (record) => ({
    ...record,
    revision: 2,
    state: 'running',
    started_at: new Date().toISOString(),
    targets: [{ kind: 'sink' }]
  }))
  await poll('it has failed', async () =>
    (await cluster.jobs())[0]!.status?.conditions?.some(({ type }) => type === 'Failed'))
  server.requests()
  t.equal((await send(jobData(id))).status, 204)
  const { store: asked } = await atRest(server)
  t.equal(receiver.received.length, 1)
  const records = asked.filter((line) => line.includes('/state/')).map((line) => line.slice(0, 3))
  t.same(records, ['GET', 'PUT', 'PUT', 'PUT', 'GET', 'GET'], 'the end of the job, the claim, the outcome')
})

await t.test('a ping takes a few requests for all jobs in which nothing has changed, of any number', async (t) => {
  const server = await countedServer(t)
  const { store, cluster, ping, age, requests } = server
  const { record: running } = await runningJob({ store, cluster }, 'exec sleep 600')
  await startedJob({ store, cluster }, 'true', { suspend: true })
  for (let waiting = 0; waiting < 300; waiting++) await openRecord(store)
  await cluster.batch.createNamespacedJob({
    namespace: cluster.namespace,
    body: {
      ...jobOf(objectName(newJobId()), [shell('workload', 'true')], { suspend: true }),
      metadata: { name: 'finished', labels: { ...MANAGED_BY, [JOB_LABEL]: newJobId() } }
    }
  })
  age()
  requests()
  t.equal((await ping()).status, 204)
  const first = await atRest(server)
  t.ok(first.store.length >= 302)
  // 302 ids in groups of 150, each with a request for Jobs and one for pods.
  t.equal(first.api.length, 6, first.api.join('\n'))

  t.equal((await ping()).status, 204)
  const second = await atRest(server)
  t.same(second.store.map((line) => line.split('?')[0]), ['GET /'], 'the list of markers')
  t.equal(second.api.length, 6)
  t.ok(second.api.every((line) => line.includes('labelSelector=')), 'no request names the finished Job')

  // Another process has the notes of the first one.
  const { ping: pingOther } = await server.start()
  t.equal((await pingOther()).status, 204)
  const other = await atRest(server)
  t.equal(other.store.length, 2, other.store.join('\n'))
  t.ok(other.store.some((line) => line.includes(pingNotesKey('job-completed'))))

  const [pod] = await cluster.pods()
  const { name } = pod!.metadata!
  await cluster.core.deleteNamespacedPod({ namespace: cluster.namespace, name: name!, gracePeriodSeconds: 0 })
  await poll('its end is seen', async () => {
    await ping()
    return (await readRecord(store, running.job_uuid))!.record.state === 'failed'
  })
})

await t.test('a marker that was written a moment ago is looked at again, and so is one that is written again', async (t) => {
  const server = await countedServer(t)
  const { store, cluster, ping, age } = server
  const { record: { job_uuid: id } } = await runningJob({ store, cluster }, 'exec sleep 600')
  const looks = async () => {
    t.equal((await ping()).status, 204)
    return (await atRest(server)).store.filter((line) => line.startsWith('GET /state/')).length
  }
  t.equal(await looks(), 1)
  t.equal(await looks(), 1, 'a change of the record may still follow')
  age()
  t.equal(await looks(), 1)
  t.equal(await looks(), 0)
  // The clocks of stores have seconds.
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await putObject(store, markerKey(id), '', {}, 'unconditional')
  t.equal(await looks(), 1, 'the marker has the same content, and was written later')
  t.equal(await looks(), 0)
})

await t.test('jobs whose callbacks are not due cost nothing, and are paid when they are due', async (t) => {
  const receiver = await httpServer(t)
  const server = await countedServer(t, { K_SINK: receiver.url })
  const { store, ping, age } = server
  const due = (ms: number): string => new Date(Date.now() + ms).toISOString()
  const owing = async (ms: number) => {
    const id = await openRecord(store, {
      state: 'failed',
      targets: [{ kind: 'sink' }],
      history: [{ state: 'failed', at: due(0) }],
      callbacks: [{ id: '0-failed', target: 0, call: 'failed', state: 'owed', due_at: due(ms), attempts: [] }]
    })
    await putObject(store, markerKey(id), 'callbacks', {}, 'unconditional')
    return id
  }
  for (let jobs = 0; jobs < 40; jobs++) await owing(3 * 3600_000)
  const soon = await owing(20_000)
  age()
  server.requests()
  t.equal((await ping()).status, 204)
  const first = await atRest(server)
  t.equal(first.store.length, 44, 'the list, the notes twice, and each record once')
  t.equal((await ping()).status, 204)
  t.equal((await atRest(server)).store.length, 1)
  await advanceRecord(store, soon, (record) => oweAgain(record, '0-failed', new Date()))
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await putObject(store, markerKey(soon), 'callbacks', {}, 'unconditional')
  t.equal((await ping()).status, 204)
  await poll('it is delivered', () => receiver.received.length === 1)
})
