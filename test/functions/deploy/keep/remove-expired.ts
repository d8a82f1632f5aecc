import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { type Bounds, removeExpired } from '../../../../functions/deploy/keep/remove-expired.ts'
import { createMultipart } from '../../../../functions/result-upload/multipart/multipart.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'
import { putIntoLists } from '../../../../shared/job/lists/job-lists.ts'
import type { JobRecord } from '../../../../shared/job/job-record.ts'
import { advanceRecord, createRecord, hideRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { type Cluster, objectName } from '../../../../shared/kubernetes/cluster.ts'
import {
  contentKey,
  expiryKey,
  idempotencyKey,
  journalPageKey,
  LISTED_UNTIL_KEY,
  logKey,
  manifestPageKey,
  markerKey,
  multipartKey,
  resultsPrefix,
  stateKey
} from '../../../../shared/store/bucket-layout.ts'
import { headObject, putObject, removeObject } from '../../../../shared/store/object-store.ts'
import { openStore, type Store } from '../../../../shared/store/open-store.ts'
import { listUploads } from '../../../../shared/store/unfinished-uploads.ts'
import { clusterOf } from '../../../support/cluster-of.ts'
import { deployServer, keysOf } from '../../../support/deploy-server.ts'
import { type Fate, faultProxy } from '../../../support/fault-proxy.ts'
import { fetchServer } from '../../../support/fetch-server.ts'
import { testKubernetes } from '../../../support/local-kubernetes.ts'
import { newRecord } from '../../../support/new-record.ts'
import { poll } from '../../../support/poll.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { putFirstResults, putResults } from '../../../support/put-results.ts'
import { testStore } from '../../../support/store.ts'

const put = async (store: Store, key: string, body = 'x'): Promise<unknown> =>
  await putObject(store, key, body, {}, 'unconditional')
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString()

/** Creates all objects that an ended job can have: two attempts, one of them with unfinished multipart uploads. */
async function endedJob (
  store: Store,
  { expiresAt = ago(60), files = 2, ...more }: { expiresAt?: string, files?: number } & Partial<JobRecord> = {}
): Promise<string> {
  const [first, second] = [randomUUID(), randomUUID()]
  const record = newRecord({ state: 'succeeded', attempt: second, job_uid: 'uid', expires_at: expiresAt, ...more })
  const id = record.job_uuid
  await Promise.all([
    putFirstResults(store, { id, attempt: first }, { 'half.bin': 'half' }),
    put(store, journalPageKey(id, first, 0), '[]'),
    putResults(store, { id, attempt: second }, Object.fromEntries(
      Array.from({ length: files }, (_, at) => [`sub folder/${at} +ü.bin`, `content ${at}`])
    )),
    put(store, manifestPageKey(id, second, 1), '[]'),
    put(store, logKey(id)),
    put(store, expiryKey(expiresAt, id), ''),
    putIntoLists(store, record)
  ])
  const [noted, unnoted] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string]
  const upload = await createMultipart(store, contentKey(id, first, noted))
  await put(store, multipartKey(id, first, noted), JSON.stringify({ sha256: noted, upload_id: upload }))
  await createMultipart(store, contentKey(id, first, unnoted))
  await createRecord(store, record)
  return id
}

/** The unfinished uploads of a job. MinIO does not list them by the prefix of the job. */
async function unfinished (store: Store, id: string): Promise<unknown[]> {
  return (await listUploads(store, '')).filter(({ key }) => key.startsWith(resultsPrefix(id)))
}

/**
 * How many of the two uploads of `endedJob` stay when the job is removed. MinIO does not list the one without a note by
 * the prefix of the job, and removes it itself after a day.
 */
async function lasting (store: Store): Promise<number> {
  return (await listUploads(store, 'results/')).length > 0 ? 0 : 1
}

/** Runs one removal. Returns the reports by job. */
async function removal (
  place: { store: Store, cluster: Cluster },
  bounds?: Bounds,
  owing: string[] = []
): Promise<Map<string, 'removed' | Error>> {
  const told = new Map<string, 'removed' | Error>()
  await removeExpired(place, (id, outcome) => told.set(id, outcome), new Set(owing), bounds)
  return told
}

async function place (t: Test) {
  return { store: await testStore(t), cluster: clusterOf(await testKubernetes(t)) }
}

await t.test('when the retention is over, nothing of the job is left in Kubernetes and in the bucket', async (t) => {
  const { post, ping, store, cluster } = await deployServer(t)
  const { url } = await fetchServer(t, store)
  const request = { env: { PASSWORD: 'hunter2' } }
  const headers = { 'idempotency-key': 'a' }
  const { job_uuid: id } = await (await post(request, { headers })).json() as { job_uuid: string }
  const expiresAt = ago(1)
  const { record } = (await readRecord(store, id))!
  t.equal(record.owner, undefined)
  t.match(record, { retention_seconds: 30 * 86_400, idempotency: /^idempotency\// })
  await endedJob(store, { job_uuid: id, expiresAt })
  await advanceRecord(
    store,
    id,
    (current) => ({
      ...current,
      state: 'succeeded',
      attempt: 'pod',
      finished_at: ago(3600),
      revision: 9,
      expires_at: expiresAt
    })
  )
  const other = await endedJob(store, { expiresAt: ago(-3600) })
  const others = (await keysOf(store)).filter((key) => key.includes(other))

  t.equal((await ping()).status, 204)
  await poll('the Job is deleted', async () => (await cluster.jobs()).length === 0)
  t.equal((await fetch(`${url}/job/${id}`)).status, 200, 'the record stays for the events of the deletion')
  t.equal((await ping()).status, 204)
  t.equal((await fetch(`${url}/job/${id}`)).status, 200, 'the record stays while the marker exists')
  t.ok(await headObject(store, markerKey(id)))
  await removeObject(store, markerKey(id))
  t.equal((await ping()).status, 204)

  t.same((await keysOf(store)).filter((key) => key !== LISTED_UNTIL_KEY), others)
  t.equal((await unfinished(store, other)).length, 2, 'the uploads of the other job stay')
  t.equal((await unfinished(store, id)).length, await lasting(store))
  for (const list of [cluster.jobs, cluster.pods, cluster.configMaps, cluster.secrets]) t.same(await list(), [])
  for (const path of ['', '/result/list', '/result?file=x']) {
    await problemOf(t, await fetch(`${url}/job/${id}${path}`), 404, 'unknown-job')
  }
  const again = await post(request, { headers })
  t.equal(again.status, 202)
  t.not((await again.json() as { job_uuid: string }).job_uuid, id, 'the key is free again')
})

await t.test('a claim that now belongs to another job is not removed', async (t) => {
  const { store, cluster } = await place(t)
  const key = idempotencyKey('b'.repeat(64))
  await put(store, key, JSON.stringify({ job_uuid: newJobId() }))
  const id = await endedJob(store, { idempotency: key })
  t.same(await removal({ store, cluster }), new Map([[id, 'removed']]))
  t.same(await keysOf(store), [key])
})

await t.test('a job that is kept while its removal begins keeps its key', async (t) => {
  const store = await testStore(t)
  const { post, keep, cluster } = await deployServer(t, { store })
  const ask = async (): Promise<string> => {
    const response = await post({}, { headers: { 'idempotency-key': 'a' } })
    t.equal(response.status, 202)
    return (await response.json() as { job_uuid: string }).job_uuid
  }
  const id = await ask()
  await cluster.batch.deleteNamespacedJob({
    namespace: cluster.namespace,
    name: objectName(id),
    propagationPolicy: 'Background'
  })
  await removeObject(store, markerKey(id))
  const expiresAt = ago(1)
  await advanceRecord(store, id, (record) => ({ ...record, state: 'succeeded', revision: 9, expires_at: expiresAt }))
  const proxy = await faultProxy(t)
  proxy.target = { url: store.settings.S3_ENDPOINT }
  const slow = openStore({ ...store.settings, S3_ENDPOINT: proxy.url })
  // The removal has read the record and begins to change objects. Now the caller keeps the job.
  let kept: Promise<Response> | undefined
  proxy.fate = async ({ method, path }): Promise<Fate> => {
    if (method !== 'GET' && method !== 'HEAD' && path.includes(id)) {
      kept ??= keep(id, { expires_at: ago(-3600) })
      t.equal((await kept).status, 200)
    }
    return 'pass'
  }
  t.same(await removal({ store: slow, cluster }), new Map())
  t.ok(kept, 'the caller came in between')
  t.ok(await readRecord(store, id))
  t.equal(await ask(), id, 'the key gives the job as long as it is known')
})

await t.test('while a job is unknown and its key not yet free, the key gives no job', async (t) => {
  const { post, store, cluster } = await deployServer(t)
  const headers = { 'idempotency-key': 'a' }
  const { job_uuid: id } = await (await post({}, { headers })).json() as { job_uuid: string }
  const found = (await readRecord(store, id))!
  // The removal crashed right after its first step.
  await hideRecord(store, found)
  await put(store, expiryKey(ago(5), id), '')
  const response = await post({}, { headers })
  t.equal(response.headers.get('retry-after'), '5')
  await problemOf(t, response, 503, 'store-unavailable')
  await removal({ store, cluster })
  const again = await post({}, { headers })
  t.equal(again.status, 202)
  t.not((await again.json() as { job_uuid: string }).job_uuid, id)
})

await t.test('after a crash at any request the job is complete or unknown, and the next ping removes it', async (t) => {
  const { store, cluster } = await place(t)
  const proxy = await faultProxy(t)
  proxy.target = { url: store.settings.S3_ENDPOINT }
  const cut = openStore({ ...store.settings, S3_ENDPOINT: proxy.url })
  const { url } = await fetchServer(t, store)
  for (const fate of ['break', 'break the answer'] as const) {
    for (let last = 0, broken = true; broken; last++) {
      const key = idempotencyKey('c'.repeat(64))
      const id = await endedJob(store, { idempotency: key, owner: 'alice' })
      await put(store, key, JSON.stringify({ job_uuid: id }))
      const left = await lasting(store)
      let asked = 0
      // A crashed process sends no more requests.
      proxy.fate = () => asked++ < last ? 'pass' : asked - 1 === last ? fate : 'break'
      await removal({ store: cut, cluster }).catch((error: Error) => error)
      broken = asked > last
      const list = await fetch(`${url}/job/${id}/result/list`)
      if (list.status === 200) {
        t.ok(await headObject(store, key), `request ${last}: a known job has its key`)
        t.equal((await list.json() as { files: object[] }).files.length, 2, `request ${last}: the job is complete`)
      } else await problemOf(t, list, 404, 'unknown-job')
      await removal({ store, cluster })
      t.same(await keysOf(store), [], `request ${last}: nothing is left`)
      t.equal((await unfinished(store, id)).length, left)
      if (last > 60) throw new Error('the removal does not end after 60 requests')
    }
  }
})

await t.test('without Kubernetes a job is not changed', async (t) => {
  const kubernetes = await testKubernetes(t)
  const store = await testStore(t)
  const id = await endedJob(store)
  const before = await keysOf(store)
  await kubernetes.stop()
  const told = await removal({ store, cluster: clusterOf(kubernetes) })
  t.ok(told.get(id) instanceof Error)
  t.same(await keysOf(store), before)
})

await t.test('a ping removes a limited number of objects, hides the others, and the next ping continues', async (t) => {
  const { store, cluster } = await place(t)
  const large = await endedJob(store, { expiresAt: ago(100), files: 7 })
  const small = await endedJob(store, { expiresAt: ago(50) })
  const later = await endedJob(store, { expiresAt: ago(10) })
  const resultsOf = async (id: string): Promise<number> =>
    (await keysOf(store)).filter((key) => key.startsWith(`results/${id}/`)).length
  const bounds = { objects: 5, seconds: 60 }
  t.same(await removal({ store, cluster }, bounds), new Map())
  t.equal(await resultsOf(large), 3)
  t.equal(await readRecord(store, large), undefined)
  t.ok(await readRecord(store, small), 'the next job is complete')
  // Five objects again: the last three contents of the large job, and two of its journal and manifest.
  t.same(await removal({ store, cluster }, bounds), new Map())
  t.same((await keysOf(store)).filter((key) => key.startsWith(`uploads/${large}/`)).length, 2)
  // The other two, and the three contents of the small job.
  t.same(await removal({ store, cluster }, bounds), new Map([[large, 'removed']]))
  t.equal(await resultsOf(small), 0)
  t.same(
    await removal({ store, cluster }, { objects: 1000, seconds: 0 }),
    new Map([[small, 'removed']]),
    'the limit of seconds stops after one job'
  )
  t.ok(await readRecord(store, later))
  await removal({ store, cluster })
  t.same(await keysOf(store), [])
})

await t.test('expired jobs that still owe a callback do not delay the removal of the others', async (t) => {
  const { store, cluster } = await place(t)
  const owing: string[] = []
  for (let jobs = 0; jobs < 3; jobs++) owing.push(await endedJob(store, { expiresAt: ago(100 + jobs) }))
  const id = await endedJob(store, { expiresAt: ago(10) })
  // There is time for one job.
  t.same(await removal({ store, cluster }, { objects: 1000, seconds: -1 }, owing), new Map([[id, 'removed']]))
  for (const each of owing) t.ok(await readRecord(store, each))
})

await t.test('a job with a later expiry time stays, and so does a job that has not ended', async (t) => {
  const { store, cluster } = await place(t)
  const kept = ago(-3600)
  const id = await endedJob(store)
  await advanceRecord(store, id, (record) => ({ ...record, revision: 2, expires_at: kept }))
  // A process crashed after it wrote the expiry key and before it wrote the record.
  const running = newRecord({ state: 'running' })
  await createRecord(store, running)
  await put(store, expiryKey(ago(5), running.job_uuid))
  const before = await keysOf(store)
  t.same(await removal({ store, cluster }), new Map())
  t.same(before.filter((key) => key.startsWith('expiry/')).length, 3)
  t.same(await keysOf(store), before.filter((key) => !key.startsWith('expiry/') || key === expiryKey(kept, id)))
})

await t.test('a failed removal of one job does not affect the others', async (t) => {
  const { store, cluster } = await place(t)
  const broken = newJobId()
  await put(store, stateKey(broken), 'hello')
  for (const key of [expiryKey(ago(200), broken), 'expiry/0', 'expiry/1/2/3', 'expiry/zzz']) await put(store, key, '')
  const id = await endedJob(store)
  const told = await removal({ store, cluster })
  t.equal(told.get(id), 'removed')
  t.ok(told.get(broken) instanceof Error)
  t.equal((await keysOf(store)).some((key) => key.includes(id)), false)
  for (const key of [stateKey(broken), 'expiry/0', 'expiry/1/2/3', 'expiry/zzz']) t.ok(await headObject(store, key))
})

await t.test('two concurrent pings remove the same jobs as one', async (t) => {
  const { store, cluster } = await place(t)
  for (let jobs = 0; jobs < 3; jobs++) await endedJob(store)
  await Promise.all([removal({ store, cluster }), removal({ store, cluster })])
  await removal({ store, cluster })
  t.same(await keysOf(store), [])
})

await t.test('only the Job of the expired job is deleted', async (t) => {
  const { store, cluster } = await place(t)
  const id = await endedJob(store)
  const manifest = (name: string) => ({
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'gx4ki-jobs' } },
    spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } }
  })
  const [mine, other] = [objectName(id), objectName(newJobId())]
  for (const name of [mine, other]) {
    await cluster.batch.createNamespacedJob({ namespace: cluster.namespace, body: manifest(name) })
  }
  await removal({ store, cluster })
  await poll('the Job is deleted', async () => (await cluster.jobs()).length === 1)
  t.same((await cluster.jobs()).map(({ metadata }) => metadata!.name), [other])
})
