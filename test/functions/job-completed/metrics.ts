import t from 'tap'
import { createRecord, readRecord } from '../../../shared/job/record-store.ts'
import { markerKey } from '../../../shared/store/bucket-layout.ts'
import { putObject } from '../../../shared/store/object-store.ts'
import { completedWith, jobData } from '../../support/completed-server.ts'
import { gainsFrom } from '../../support/gains.ts'
import { meddledKubernetes, status } from '../../support/meddled-kubernetes.ts'
import { newRecord } from '../../support/new-record.ts'
import { poll } from '../../support/poll.ts'
import { runningJob, startedJob } from '../../support/running-job.ts'
import { testStore } from '../../support/store.ts'

const update = 'dev.knative.apiserver.resource.update'

await t.test('the metrics of job-completed', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { url, send, ping } = await completedWith(t, { store, cluster: kubernetes.cluster })
  const place = { store, cluster: kubernetes.real }

  await t.test('an event that changes a record, and repeated deliveries of it', async (t) => {
    const { record: { job_uuid: id } } = await startedJob(place, 'exit 3')
    await poll(
      'it has failed',
      async () =>
        (await kubernetes.real.jobs()).find(({ metadata }) => metadata?.name?.endsWith(id))?.status?.conditions?.some((
          { type }
        ) => type === 'Failed')
    )
    const gains = await gainsFrom(url)
    for (let sent = 0; sent < 3; sent++) t.equal((await send(jobData(id))).status, 204)
    const gained = await gains()
    t.equal(gained('gx4ki_events_total', { path: '/', type: update }), 3)
    t.equal(gained('gx4ki_events_without_effect_total', { type: update }), 2)
    t.equal(gained('gx4ki_job_start_seconds_count', { template: 'test' }), 1, 'the start is observed once')
    t.equal(gained('gx4ki_job_run_seconds_count', { template: 'test', state: 'failed' }), 1, 'the end is observed once')
    t.equal(gained('gx4ki_ping_repairs_total', { repair: 'state' }), 0)
  })

  await t.test('repeated events about a running job', async (t) => {
    const { record: { job_uuid: id } } = await runningJob(place, 'exec sleep 60')
    const gains = await gainsFrom(url)
    for (let sent = 0; sent < 3; sent++) t.equal((await send(jobData(id))).status, 204)
    const gained = await gains()
    t.equal(gained('gx4ki_events_without_effect_total', { type: update }), 2)
    t.equal(gained('gx4ki_job_start_seconds_count', { template: 'test' }), 1)
    t.equal(gained('gx4ki_job_run_seconds_count', { template: 'test', state: 'succeeded' }), 0)
  })

  await t.test('the durations come from the times in the record', async (t) => {
    const now = Date.now()
    const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString()
    const record = newRecord({
      state: 'running',
      job_uid: 'uid',
      created_at: at(-100),
      started_at: at(-60),
      stop: { reason: 'CancelRequested', at: at(-1) }
    })
    await putObject(store, markerKey(record.job_uuid), '', {}, 'unconditional')
    await createRecord(store, record)
    const gains = await gainsFrom(url)
    t.equal((await send(jobData(record.job_uuid))).status, 204)
    const { finished_at: finished } = (await readRecord(store, record.job_uuid))!.record
    const gained = await gains()
    const labels = { template: 'test', state: 'canceled' }
    t.ok(Math.abs(gained('gx4ki_job_run_seconds_sum', labels) - (Date.parse(finished!) - now + 60_000) / 1000) < 0.01)
    t.equal(
      gained('gx4ki_job_start_seconds_count', { template: 'test' }),
      0,
      'the start was observed before'
    )
  })

  await t.test('a change that only a ping found', async (t) => {
    const record = newRecord({ state: 'running', job_uid: 'uid', started_at: '2026-11-22T12:00:00.000Z' })
    await putObject(store, markerKey(record.job_uuid), '', {}, 'unconditional')
    await createRecord(store, record)
    const gains = await gainsFrom(url)
    for (let sent = 0; sent < 2; sent++) t.equal((await ping()).status, 204)
    const gained = await gains()
    t.equal((await readRecord(store, record.job_uuid))!.record.state, 'lost')
    t.equal(gained('gx4ki_ping_repairs_total', { repair: 'state' }), 1)
    t.equal(gained('gx4ki_events_total', { path: '/', type: 'dev.knative.sources.ping' }), 2)
    t.equal(gained('gx4ki_events_without_effect_total', { type: 'dev.knative.sources.ping' }), 0)
  })

  await t.test('dead letters of any type', async (t) => {
    const gains = await gainsFrom(url)
    for (const type of ['a', 'b']) t.equal((await send({}, { type, path: '/dead-letter' })).status, 204)
    const gained = await gains()
    t.equal(gained('gx4ki_events_total', { path: '/dead-letter', type: 'any' }), 2)
  })

  await t.test('errors of the API server, and requests without an answer', async (t) => {
    const { record: { job_uuid: id } } = await startedJob(place, 'exec sleep 60')
    const gains = await gainsFrom(url)
    kubernetes.meddle = async ({ url: path }, pass) => path.includes('/jobs/') ? status(503, 'not now') : await pass()
    t.equal((await send(jobData(id))).status, 503)
    kubernetes.meddle = async ({ url: path }, pass) => path.includes('/pods?') ? 'break' : await pass()
    t.equal((await send(jobData(id))).status, 503)
    kubernetes.meddle = async (_, pass) => await pass()
    const gone = newRecord({ state: 'running', job_uid: 'uid' })
    await createRecord(store, gone)
    t.equal((await send(jobData(gone.job_uuid))).status, 204)
    const gained = await gains()
    t.equal(gained('gx4ki_kubernetes_errors_total', { call: 'GET jobs', status: '503' }), 1)
    t.equal(gained('gx4ki_kubernetes_errors_total', { call: 'GET pods', status: 'none' }), 1)
    t.equal(
      gained('gx4ki_kubernetes_errors_total', { call: 'GET jobs', status: '404' }),
      0,
      '404 for a deleted Job is not an error'
    )
  })
})
