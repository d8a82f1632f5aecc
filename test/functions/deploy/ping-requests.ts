import t, { type Test } from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { objectName } from '../../../shared/kubernetes/cluster.ts'
import { markerKey } from '../../../shared/store/bucket-layout.ts'
import { headObject, putObject, removeObject } from '../../../shared/store/object-store.ts'
import { countedPlace } from '../../support/counted-place.ts'
import { deployWith } from '../../support/deploy-server.ts'
import { status } from '../../support/meddled-kubernetes.ts'
import { openRecord } from '../../support/open-record.ts'
import { startedJob } from '../../support/running-job.ts'

async function countedDeploy (t: Test) {
  const place = await countedPlace(t)
  const start = async () => await deployWith(t, place.counted)
  const server = await start()
  const pinged = async (): Promise<{ store: string[], api: string[] }> => {
    place.requests()
    t.equal((await server.ping()).status, 204)
    return place.requests()
  }
  return { ...place, ...place.direct, ...server, start, pinged }
}

const past = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

await t.test('a ping takes three requests for jobs that need nothing, however many', async (t) => {
  const { store, pinged, age, start, requests } = await countedDeploy(t)
  for (let jobs = 0; jobs < 20; jobs++) {
    await openRecord(store, { state: jobs % 2 === 0 ? 'running' : 'pending', job_uid: 'uid' })
  }
  const owing = await openRecord(store, { state: 'succeeded' })
  await putObject(store, markerKey(owing), 'callbacks', {}, 'unconditional')
  age()
  const first = await pinged()
  t.equal(first.store.filter((line) => line.startsWith('GET /state/')).length, 21)
  const second = await pinged()
  t.equal(second.store.length, 3, 'markers, expiry keys and dead letters')
  t.same(second.api, [])

  const other = await start()
  requests()
  t.equal((await other.ping()).status, 204)
  t.equal(requests().store.length, 4, 'another process reads the notes of the first one')
})

await t.test('a Job that waits suspended is read once, and again when it has changed', async (t) => {
  const { store, cluster, kubernetes, pinged, age } = await countedDeploy(t)
  const id = newJobId(new Date(Date.now() - 20 * 60_000))
  const { record } = await startedJob({ store, cluster }, 'true', { suspend: true }, {}, {
    job_uuid: id,
    revision: 1,
    state: 'pending',
    template: 'test',
    env: {},
    created_at: past(20),
    start_by: past(10),
    retention_seconds: 3600,
    history: [{ state: 'accepted', at: past(20) }]
  })
  t.ok(record.job_uid)
  age()
  t.same((await pinged()).api.map((line) => line.split('?')[0]), [
    `GET /apis/batch/v1/namespaces/gx4ki-jobs/jobs/${objectName(id)}`
  ])
  const { api } = await pinged()
  t.equal(api.length, 1)
  t.match(api[0], /\/jobs\?labelSelector=/)
  kubernetes.meddle = async ({ url }, pass) => {
    const answer = await pass()
    return url.includes('/jobs?') ? { ...answer, body: answer.body.replaceAll('"resourceVersion":"', '$&7') } : answer
  }
  t.ok((await pinged()).api.some((line) => line.endsWith(objectName(id))), 'it is read again')
})

await t.test('a stop that did not reach Kubernetes is repeated, also of a job that needed nothing', async (t) => {
  const { store, cluster, kubernetes, pinged, age, remove } = await countedDeploy(t)
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'exec sleep 60')
  age()
  await pinged()
  t.equal((await pinged()).api.length, 0)
  // The clocks of stores have seconds.
  await new Promise((resolve) => setTimeout(resolve, 1100))
  kubernetes.meddle = async () => status(500, 'down')
  t.equal((await remove(id)).status, 202)
  kubernetes.meddle = async (_, pass) => await pass()
  t.ok((await pinged()).api.some((line) => line.startsWith('DELETE')))
})

await t.test('a cancel of a job that has ended writes no marker', async (t) => {
  const { store, remove } = await countedDeploy(t)
  const id = await openRecord(store, { state: 'succeeded' })
  await removeObject(store, markerKey(id))
  t.equal((await remove(id)).status, 200)
  t.equal(await headObject(store, markerKey(id)), undefined)
  t.equal((await readRecord(store, id))!.record.revision, 1)
})
