import t, { type Test } from 'tap'
import { oweAgain } from '../../../shared/job/callbacks/owed-callbacks.ts'
import { advanceRecord, readRecord } from '../../../shared/job/record-store.ts'
import { logKey, markerKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, headObject } from '../../../shared/store/object-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { clusterOf } from '../../support/cluster-of.ts'
import { completedWith, jobData } from '../../support/completed-server.ts'
import { httpServer } from '../../support/http-server.ts'
import { testKubernetes } from '../../support/local-kubernetes.ts'
import { poll } from '../../support/poll.ts'
import { problemOf } from '../../support/problem-of.ts'
import { putResults } from '../../support/put-results.ts'
import { startedJob } from '../../support/running-job.ts'
import { storeProxy } from '../../support/store-proxy.ts'
import { testStore } from '../../support/store.ts'

/** A job whose Job is complete, and a job-completed whose store requests can be meddled with. */
async function completeJob (t: Test, targets?: { kind: 'sink' }[], settings = {}) {
  const store = await testStore(t)
  const cluster = clusterOf(await testKubernetes(t))
  const proxy = await storeProxy(t)
  proxy.target = store.settings.S3_ENDPOINT
  const counted = openStore({ ...store.settings, S3_ENDPOINT: proxy.url })
  const { send, ping, close } = await completedWith(t, { store: counted, cluster }, settings)
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'echo hello')
  if (targets !== undefined) await advanceRecord(store, id, (record) => ({ ...record, targets }))
  await poll('it is complete', async () =>
    (await cluster.jobs())[0]!.status?.conditions?.some(({ type }) => type === 'Complete'))
  await putResults(store, { id, attempt: (await cluster.pods())[0]!.metadata!.uid! }, { a: '123' })
  const logged = async (): Promise<string | undefined> => (await getObject(store, logKey(id)))?.body.toString()
  return { store, proxy, send, ping, close, id, logged }
}

await t.test('an event whose end cannot be written is refused, and the next one does what is left', async (t) => {
  for (const repair of ['event', 'ping'] as const) {
    const { store, proxy, send, ping, close, id, logged } = await completeJob(t)
    proxy.fault = ({ method, path }) =>
      method === 'PUT' && path.includes('/state/') ? (_, response) => response.writeHead(500).end() : undefined
    await problemOf(t, await send(jobData(id)), 503, 'store-unavailable')
    await poll('the log is kept beside it', async () => await logged() === 'hello\n')
    t.notOk((await readRecord(store, id))!.record.finished_at)
    t.ok(await headObject(store, markerKey(id)), 'the job is still open')

    proxy.fault = () => undefined
    t.equal((await (repair === 'event' ? send(jobData(id)) : ping())).status, 204)
    await poll('the marker is gone', async () => await headObject(store, markerKey(id)) === undefined)
    t.match((await readRecord(store, id))!.record, { state: 'succeeded', exit_code: 0 })
    t.equal(await logged(), 'hello\n')
    await close()
  }
})

await t.test('a marker stays as long as the log is not kept', async (t) => {
  const { store, proxy, send, close, id, logged } = await completeJob(t)
  proxy.fault = ({ method, path }) =>
    method === 'PUT' && path.includes('/logs/') ? (_, response) => response.writeHead(500).end() : undefined
  t.equal((await send(jobData(id))).status, 204)
  t.match((await readRecord(store, id))!.record, { state: 'succeeded' })
  await poll('the log was tried', () => proxy.seen.some(({ path }) => path.includes('/logs/')))
  await close()
  t.equal(await logged(), undefined)
  t.ok(await headObject(store, markerKey(id)))
})

await t.test('a callback that is requested again at the last moment keeps the marker of its job', async (t) => {
  const receiver = await httpServer(t)
  const { store, proxy, send, ping, id } = await completeJob(t, [{ kind: 'sink' }], { K_SINK: receiver.url })
  let before = Infinity
  proxy.fault = ({ method, path }) =>
    method !== 'DELETE' || !path.includes('/open/')
      ? undefined
      : async (_, response, pass) => {
        proxy.fault = () => undefined
        before = receiver.received.length
        const { record: { callbacks: [callback] = [] } } = (await readRecord(store, id))!
        await advanceRecord(store, id, (record) => oweAgain(record, callback!.id, new Date()))
        const { status, headers } = await pass()
        response.writeHead(status, headers).end()
      }
  t.equal((await send(jobData(id))).status, 204)
  await poll('a ping makes the callback again', async () => {
    if (before < Infinity) await ping()
    return receiver.received.length > before
  })
})
