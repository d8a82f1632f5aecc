/**
 * Many jobs within the memory limits of a cluster: `make scale`. `OPEN` and `FINISHED` change the numbers of jobs. It
 * compares requests, connections and memory, and never times.
 */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { atMost } from '../../shared/flow/at-most.ts'
import { newJobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { tagsOf } from '../../shared/job/lists/tags-of.ts'
import { JOB_LABEL, objectName } from '../../shared/kubernetes/cluster.ts'
import { logKey, markerKey, stateKey } from '../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../shared/store/object-store.ts'
import { kubeconfigFor } from '../support/cluster-at.ts'
import { newRecord } from '../support/new-record.ts'
import { poll } from '../support/poll.ts'
import { storeProxy } from '../support/store-proxy.ts'
import { testStore } from '../support/store.ts'
import { apiServerStub, STARTED } from './api-server-stub.ts'
import { runFunction } from './run-function.ts'

const OPEN = Number(process.env['OPEN'] ?? 10_000)
/** A full run has 100,000; the store takes some minutes to get them. */
const FINISHED = Number(process.env['FINISHED'] ?? 10_000)
/** Finished Jobs that still stand in Kubernetes. */
const STANDING = 5_000
const OWING = 3_000
const ENDING = 50

const store = await testStore(t)
const hours = (count: number): string => new Date(Date.now() + count * 3600_000).toISOString()
const ids = (count: number): string[] => Array.from({ length: count }, () => newJobId())

const open = ids(OPEN)
const owing = ids(OWING)
const finished = ids(FINISHED)

async function seed (): Promise<void> {
  const inTurn = atMost(64)
  const put = async (key: string, body: string, tags = {}): Promise<unknown> =>
    await inTurn(async () => await putObject(store, key, body, tags, 'unconditional'))
  const putRecord = async (more: Partial<JobRecord>): Promise<unknown> => {
    const record = newRecord(more)
    return await put(stateKey(record.job_uuid), JSON.stringify(record), tagsOf(record))
  }
  const startedAt = new Date(STARTED).toISOString()
  await Promise.all([
    ...open.flatMap((id) => [
      put(markerKey(id), ''),
      putRecord({
        job_uuid: id,
        state: 'running',
        job_uid: `uid-of-${objectName(id)}`,
        attempt: `uid-of-${objectName(id)}-x`,
        started_at: startedAt,
        created_at: startedAt
      })
    ]),
    ...owing.flatMap((id) => [
      put(markerKey(id), 'callbacks'),
      putRecord({
        job_uuid: id,
        state: 'succeeded',
        expires_at: hours(99),
        targets: [{ kind: 'sink' }],
        callbacks: [{ id: '0-succeeded', target: 0, call: 'succeeded', state: 'owed', due_at: hours(5), attempts: [] }]
      })
    ]),
    ...finished.map(async (id) => await putRecord({ job_uuid: id, state: 'succeeded', expires_at: hours(99) }))
  ])
}

console.log(`Seeding ${OPEN} open jobs, ${OWING} that owe a callback, and ${FINISHED} finished jobs …`)
await seed()

const proxy = await storeProxy(t)
proxy.target = store.settings.S3_ENDPOINT
// The markers are older than the moment in which a change may follow.
proxy.fault = ({ path }) =>
  !path.includes('prefix=open')
    ? undefined
    : async (_, response, pass) => {
      const { status, headers, body } = await pass()
      response.writeHead(status, { ...headers, date: new Date(Date.now() + 3600_000).toUTCString() }).end(body)
    }
const api = await apiServerStub(t, new Set(open), ids(STANDING))
const env = {
  ...store.settings,
  S3_ENDPOINT: proxy.url,
  KUBECONFIG: kubeconfigFor(t, api.url),
  JOB_TOKEN_KEY: randomBytes(32).toString('hex'),
  RESULT_TOKEN_KEY: randomBytes(32).toString('hex'),
  UPLOAD_URL: 'http://127.0.0.1:9',
  IMAGE: 'none'
}

/** The requests of one ping to the store and to the API server. */
async function requestsOf ({ ping }: Awaited<ReturnType<typeof runFunction>>): Promise<{ store: number, api: number }> {
  const before = { store: proxy.seen.length, api: api.count().requests }
  t.equal(await ping(), 204)
  return { store: proxy.seen.length - before.store, api: api.count().requests - before.api }
}

const markerPages = Math.ceil((OPEN + OWING) / 1000)
/** Jobs and pods in groups of 150. */
const groups = Math.ceil(OPEN / 150) * 2
/** The first ping makes its groups of all markers. A group with no open job needs no request. */
const groupsAtFirst = Math.ceil((OPEN + OWING) / 150) * 2

await t.test('job-completed', async (t) => {
  const completed = await runFunction(t, 'job-completed', env)
  const first = await requestsOf(completed)
  t.ok(first.store <= OPEN + OWING + markerPages + 3, `each record once: ${first.store}`)
  t.ok(first.api <= groupsAtFirst, `Jobs and pods in groups: ${first.api}`)
  const second = await requestsOf(completed)
  t.ok(second.store <= markerPages + 2, `the markers: ${second.store}`)
  t.ok(second.api <= groups, `metadata in groups: ${second.api}`)
  t.ok(api.count().connections < 64, `${api.count().connections} connections`)
  console.log({ first, second, peak: completed.peak(), isConfined: completed.isConfined })
  t.ok(completed.peak() < 200, `${completed.peak()} MiB`)

  const ends = open.slice(0, ENDING)
  for (const id of ends) api.ended.add(id)
  const statuses = await Promise.all(ends.map(async (id) => {
    const response = await fetch(completed.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'ce-id': id,
        'ce-source': '/api-server',
        'ce-specversion': '1.0',
        'ce-type': 'dev.knative.apiserver.resource.update'
      },
      body: JSON.stringify({ kind: 'Job', metadata: { namespace: 'gx4ki-jobs', labels: { [JOB_LABEL]: id } } })
    })
    return response.status
  }))
  t.ok(statuses.every((status) => status === 204), statuses.join())
  await poll('all logs are kept', async () => {
    const logs = await Promise.all(ends.map(async (id) => await headObject(store, logKey(id))))
    return logs.every((log) => log !== undefined)
  }, 120)
  console.log({ peakWithLogs: completed.peak() })
  t.ok(completed.peak() < completed.limit, `${completed.peak()} MiB of ${completed.limit}`)
})

await t.test('deploy', async (t) => {
  const deploy = await runFunction(t, 'deploy', env)
  const first = await requestsOf(deploy)
  t.ok(first.store <= OPEN + OWING + markerPages + 5, `each record once: ${first.store}`)
  t.equal(first.api, 0)
  const second = await requestsOf(deploy)
  t.ok(second.store <= markerPages + 4, `the markers: ${second.store}`)
  t.equal(second.api, 0)
  console.log({ first, second, peak: deploy.peak() })
  t.ok(deploy.peak() < 200, `${deploy.peak()} MiB`)
})
