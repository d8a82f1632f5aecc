import t from 'tap'
import { askToStop } from '../../../../functions/deploy/keep/stop-job.ts'
import { judge } from '../../../../functions/job-completed/judge.ts'
import { advance } from '../../../../shared/job/advance.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'
import { states } from '../../../../shared/job/job-state.ts'
import { advanceRecord, createRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { deployServer, deployWith } from '../../../support/deploy-server.ts'
import { meddledKubernetes, status } from '../../../support/meddled-kubernetes.ts'
import { newRecord } from '../../../support/new-record.ts'
import { poll } from '../../../support/poll.ts'
import { problemAbout } from '../../../support/problem-of.ts'
import { runningJob } from '../../../support/running-job.ts'
import { testStore } from '../../../support/store.ts'

const store = await testStore(t)
const idOf = async (response: Response): Promise<string> => (await response.json() as { job_uuid: string }).job_uuid

await t.test('a cancel request deletes the Job and its objects, and can be repeated', async (t) => {
  const { post, remove, cluster } = await deployServer(t, { store })
  const id = await idOf(await post({ env: { PASSWORD: 'hunter2' } }))
  const first = await remove(id)
  t.equal(first.status, 202)
  t.match(await first.json(), { job_uuid: id, state: 'pending', reason: 'CancelRequested' })
  await poll(
    'all objects of the job are deleted',
    async () => (await Promise.all([cluster.jobs(), cluster.configMaps(), cluster.secrets()])).flat().length === 0
  )
  const before = await readRecord(store, id)
  t.match(before!.record, { stop: { reason: 'CancelRequested' } })
  t.equal((await remove(id)).status, 202, 'job-completed makes the record terminal')
  t.same(await readRecord(store, id), before, 'a repeated request changes nothing')
})

await t.test('a job that has ended is not canceled, for every terminal state', async (t) => {
  const { remove } = await deployServer(t, { store })
  for (const state of states.slice(3)) {
    const record = newRecord({ state })
    await createRecord(store, record)
    const response = await remove(record.job_uuid)
    t.equal(response.status, 200)
    t.match(await response.json(), { state })
    t.same((await readRecord(store, record.job_uuid))!.record, record)
  }
})

await t.test('a job without a Job becomes terminal at once', async (t) => {
  const { remove } = await deployServer(t, { store })
  const { job_uuid: id } = newRecord()
  await createRecord(store, newRecord({ job_uuid: id }))
  const response = await remove(id)
  t.equal(response.status, 200)
  t.match(await response.json(), {
    state: 'canceled',
    reason: 'CancelRequested',
    finished_at: /Z$/,
    history: [{ state: 'accepted' }, { state: 'canceled' }]
  })
})

await t.test('an unknown or invalid id gets a problem', async (t) => {
  const { remove } = await deployServer(t, { store })
  const id = newJobId()
  t.equal((await problemAbout(t, await remove(id), 'id', 404, 'unknown-job')).job_uuid, id)
  for (const wrong of ['x', id.toUpperCase(), '..%2fx']) await problemAbout(t, await remove(wrong), 'id')
})

await t.test('the stop is recorded when Kubernetes cannot be reached', async (t) => {
  const { remove } = await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })
  const record = newRecord({ state: 'running', job_uid: 'uid' })
  await createRecord(store, record)
  const response = await remove(record.job_uuid)
  t.equal(response.status, 202)
  t.match(await response.json(), { state: 'running', reason: 'CancelRequested' })
  t.match((await readRecord(store, record.job_uuid))!.record, { stop: { reason: 'CancelRequested' } })
})

await t.test('a job that is canceled while its Job is being created leaves no Job', async (t) => {
  const kubernetes = await meddledKubernetes(t)
  const { post, remove } = await deployWith(t, { store, cluster: kubernetes.cluster })
  let canceled: Response | undefined
  kubernetes.meddle = async ({ method, url, body }, pass) => {
    if (method === 'POST' && url.endsWith('/jobs')) {
      // There is no Job yet that could be deleted.
      const { metadata } = JSON.parse(body.toString()) as { metadata: { labels: Record<string, string> } }
      const id = metadata.labels['gx4ki.job.uuid']!
      // It is written beside the Job, and may come later.
      await poll('there is a record', async () => await readRecord(store, id) !== undefined)
      canceled = await remove(id)
    }
    return await pass()
  }
  const response = await post({})
  t.equal(canceled?.status, 200)
  t.match(await response.json(), { state: 'canceled' }, 'the answer to the deploy request has the state canceled')
  await poll('there is no Job', async () => (await kubernetes.real.jobs()).length === 0)
})

await t.test('a job is canceled even if its log cannot be read', async (t) => {
  const kubernetes = await meddledKubernetes(t)
  kubernetes.meddle = async ({ url }, pass) =>
    url.includes('/log?') ? status(500, 'the node does not answer') : await pass()
  const { remove } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const { record } = await runningJob({ store, cluster: kubernetes.real }, 'exec sleep 60')
  t.equal((await remove(record.job_uuid)).status, 202)
  await poll('the Job is deleted', async () => (await kubernetes.real.jobs()).length === 0)
})

await t.test('the first reason stays', async (t) => {
  const { remove } = await deployServer(t, { store })
  const record = newRecord({ state: 'running', job_uid: 'uid' })
  const id = record.job_uuid
  await createRecord(store, record)
  await advanceRecord(
    store,
    id,
    (current) =>
      advance(current, {
        stop: { reason: 'StartDeadlineExceeded', at: record.created_at },
        reason: 'StartDeadlineExceeded'
      }, new Date())
  )
  t.match(await (await remove(id)).json(), { reason: 'StartDeadlineExceeded' })
  t.match((await readRecord(store, id))!.record, { stop: { reason: 'StartDeadlineExceeded', at: record.created_at } })
})

await t.test('a start deadline keeps what kept the job from starting; another stop says only its own reason', async (t) => {
  const waiting = { reason: 'CreateContainerConfigError', message: 'configmap "app-config" not found (container migrate).' }
  for (
    const [reason, record, message] of [
      [
        'StartDeadlineExceeded',
        waiting,
        'The workload did not start in time. At last it waited for this: CreateContainerConfigError: ' +
        'configmap "app-config" not found (container migrate).'
      ],
      [
        'StartDeadlineExceeded',
        { message: 'would violate PodSecurity' },
        'The workload did not start in time. At last it waited for this: would violate PodSecurity'
      ],
      [
        'StartDeadlineExceeded',
        {},
        'The workload did not start in time. Remove what it waited for, or raise gx4ki.io/start-deadline-seconds in the ' +
        'template.'
      ],
      ['CancelRequested', waiting, 'A request canceled the job.'],
      [
        'KubernetesUnavailable',
        waiting,
        'Kubernetes did not confirm that it has the Job, so the job was given up. Start the job again.'
      ]
    ] as const
  ) {
    const { job_uuid: id, ...more } = newRecord({ state: 'pending', job_uid: 'uid', ...record })
    await createRecord(store, { job_uuid: id, ...more })
    const stopped = await askToStop(store, id, reason)
    t.equal(stopped?.message, message)
    const { record: kept } = (await readRecord(store, id))!
    const ended = advance(kept, judge(kept, { job: undefined, pods: [], results: undefined }, new Date()), new Date())
    t.match(ended, { state: reason === 'CancelRequested' ? 'canceled' : 'failed', reason })
    t.equal(ended?.message, message, 'the end does not take it away')
  }
})
