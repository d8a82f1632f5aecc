import t, { type Test } from 'tap'
import { advance } from '../../../../shared/job/advance.ts'
import { advanceRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { markerKey } from '../../../../shared/store/bucket-layout.ts'
import { removeObject } from '../../../../shared/store/object-store.ts'
import { openStore, type StoreSettings } from '../../../../shared/store/open-store.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { deployServer, deployWith, keysOf } from '../../../support/deploy-server.ts'
import { type Fate, faultProxy } from '../../../support/fault-proxy.ts'
import { writesState } from '../../../support/fault-rules.ts'
import { httpServer } from '../../../support/http-server.ts'
import { type Meddle, meddledKubernetes, status } from '../../../support/meddled-kubernetes.ts'
import { problemAbout, problemOf } from '../../../support/problem-of.ts'
import { testStore } from '../../../support/store.ts'

const idOf = async (response: Response): Promise<string> => (await response.json() as { job_uuid: string }).job_uuid
const withKey = (key: string) => ({ headers: { 'idempotency-key': key } })

await t.test('requests with the same key get the same job if they are equal', async (t) => {
  const { post, store, cluster } = await deployServer(t)
  const first = await post({ env: { DURATION: 20 } }, withKey('a'))
  t.equal(first.status, 202)
  const id = await idOf(first)
  for (
    const body of [{ env: { DURATION: 20 } }, { env: { DURATION: '20' } }, {
      template: 'test',
      env: { DURATION: 20, MODE: 'fast' }
    }]
  ) {
    const again = await post(body, withKey('a'))
    t.equal(again.status, 202)
    t.equal(await idOf(again), id, 'for every notation of the same request')
  }
  for (
    const body of [{}, { env: { DURATION: 21 } }, { template: 'other', env: { DURATION: 20 } }, {
      env: { DURATION: 20, PASSWORD: 'hunter2' }
    }]
  ) {
    const problem = await problemAbout(
      t,
      await post(body, withKey('a')),
      'Idempotency-Key',
      422,
      'idempotency-mismatch'
    )
    t.equal(problem.job_uuid, id)
  }
  t.not(await idOf(await post({ env: { DURATION: 20 } }, withKey('b'))), id)
  t.not(await idOf(await post({ env: { DURATION: 20 } })), id)
  t.equal((await cluster.jobs()).length, 3)
  t.equal((await keysOf(store)).filter((key) => key.startsWith('idempotency/')).length, 2)
  t.notMatch((await keysOf(store)).join(), /idempotency\/[ab]\./, 'the name of the object does not contain the key')
})

await t.test('the trace context of the request is in the record and in the environment of the workload', async (t) => {
  const { post, store, cluster } = await deployServer(t)
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  for (
    const [headers, expected] of [[{ traceparent }, traceparent], [{}, undefined], [
      { traceparent: 'nonsense' },
      undefined
    ]] as const
  ) {
    const id = await idOf(await post({ env: { DURATION: 20 } }, { headers }))
    t.equal((await readRecord(store, id))!.record.traceparent, expected)
    const [map] = (await cluster.configMaps()).filter(({ metadata }) => metadata?.name === `gx4ki-${id}`)
    t.equal(map!.data!['TRACEPARENT'], expected)
  }
})

await t.test('secret values are part of the request that a key stands for', async (t) => {
  const { post } = await deployServer(t)
  const ask = async (password: string): Promise<Response> => await post({ env: { PASSWORD: password } }, withKey('a'))
  const id = await idOf(await ask('hunter2'))
  t.equal(await idOf(await ask('hunter2')), id)
  await problemOf(t, await ask('hunter3'), 422, 'idempotency-mismatch')
})

await t.test('concurrent requests with one key create one job', async (t) => {
  const { post, store, cluster } = await deployServer(t)
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => await post({ env: { PASSWORD: 'hunter2' } }, withKey('a')))
  )
  t.same(answers.map(({ status }) => status), Array.from({ length: 8 }, () => 202))
  const ids = new Set(await Promise.all(answers.map(idOf)))
  t.equal(ids.size, 1)
  t.equal((await cluster.jobs()).length, 1)
  const [id] = ids
  t.same((await keysOf(store)).filter((key) => !key.startsWith('idempotency/')), [markerKey(id!), `state/${id}.json`])
  t.match((await readRecord(store, id!))!.record, { state: 'pending' })
})

await t.test('a request with the key of an ended job gets that job', async (t) => {
  const { post, store } = await deployServer(t)
  const id = await idOf(await post({}, withKey('a')))
  await advanceRecord(store, id, (record) => advance(record, { state: 'failed' }, new Date()))
  const again = await post({}, withKey('a'))
  t.match(await again.json(), { job_uuid: id, state: 'failed' })
})

await t.test('a request with a key that has a claim but no job creates the job', async (t) => {
  const { post, store, cluster } = await deployServer(t)
  const id = await idOf(await post({}, withKey('a')))
  await cluster.batch.deleteNamespacedJob({
    namespace: cluster.namespace,
    name: `gx4ki-${id}`,
    propagationPolicy: 'Background'
  })
  // Simulate a crash of deploy right after it wrote the claim.
  await removeObject(store, `state/${id}.json`)
  await removeObject(store, markerKey(id))
  t.equal(await idOf(await post({}, withKey('a'))), id)
  t.equal((await cluster.jobs()).length, 1)
  t.match((await readRecord(store, id))!.record, { state: 'pending' })
})

await t.test('an invalid key is refused', async (t) => {
  const { url, store } = await deployServer(t)
  for (const key of ['', 'x'.repeat(256)]) {
    await problemAbout(t, await fetch(`${url}/job/deploy`, { headers: { 'idempotency-key': key } }), 'idempotency-key')
  }
  t.same(await keysOf(store), [])
})

await t.test('a job that Kubernetes refuses leaves nothing, and its key is free again', async (t) => {
  const { post, store, cluster } = await deployServer(t)
  t.match(
    (await problemOf(t, await post({ template: 'refused' }, withKey('a')), 422, 'rejected-by-kubernetes')).detail,
    /backoffLimit/
  )
  t.same(await keysOf(store), [])
  t.same(await cluster.jobs(), [])
  t.equal((await post({}, withKey('a'))).status, 202)
})

await t.test('without Kubernetes no job is accepted and nothing is left', async (t) => {
  const store = await testStore(t)
  const { post } = await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })
  for (const options of [{}, withKey('a'), { query: '?dry_run=true' }]) {
    const response = await post({ env: { PASSWORD: 'hunter2' } }, options)
    t.equal(response.headers.get('retry-after'), '5')
    t.notOk((await problemOf(t, response, 503, 'kubernetes-unavailable')).job_uuid)
    t.same(await keysOf(store), [])
  }
})

await t.test('when Kubernetes does not confirm the Job, the job is given up, and a retry is a new job', async (t) => {
  const store = await testStore(t)
  for (
    const [name, meddle] of Object.entries<() => Promise<Awaited<ReturnType<Meddle>>>>({
      'no answer': async () => 'break',
      'an HTML page': async () => ({ code: 200, body: '<html>Log in</html>' }),
      'a body that is not JSON': async () => ({ code: 201, body: 'hello' }),
      'a refusal that is not from Kubernetes': async () => ({ code: 400, body: 'hello' }),
      'an error': async () => status(500, 'etcd is slow'),
      'no rights': async () => status(403, 'forbidden')
    })
  ) {
    const { url } = await httpServer(t, async (_, response) => {
      const answer = await meddle()
      if (answer === 'break') response.destroy()
      else response.writeHead(answer.code, { 'content-type': 'application/json' }).end(answer.body)
    })
    const { post } = await deployWith(t, { store, cluster: clusterAt(t, url) })
    const ids = []
    for (let attempt = 0; attempt < 2; attempt++) {
      const problem = await problemOf(t, await post({}, withKey(name)), 503, 'kubernetes-unavailable')
      const { record } = (await readRecord(store, problem.job_uuid!))!
      t.match(record, { stop: { reason: 'KubernetesUnavailable' }, reason: 'KubernetesUnavailable' }, name)
      t.ok((await keysOf(store)).includes(markerKey(problem.job_uuid!)), 'the marker stays for the ping')
      ids.push(problem.job_uuid)
    }
    t.equal(new Set(ids).size, 2)
    await problemOf(t, await post({}, { query: '?dry_run=true' }), 503, 'kubernetes-unavailable')
  }
})

/** Checks Kubernetes and the store after a failure that comes after the creation of the Job. */
async function afterTheJob (t: Test, fails: (kind: string) => Awaited<ReturnType<Meddle>> | undefined) {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  kubernetes.meddle = async ({ method, url }, pass) =>
    (method === 'POST' ? fails(url.split('/').at(-1)!) : undefined) ?? await pass()
  const { post } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const { job_uuid: id } = await problemOf(t, await post({}), 503, 'kubernetes-unavailable')
  t.match(
    (await readRecord(store, id!))!.record,
    { stop: { reason: 'KubernetesUnavailable' } },
    'the record stays while the Job may exist'
  )
  t.same(
    (await kubernetes.real.jobs()).filter(({ metadata }) => metadata?.deletionTimestamp === undefined),
    [],
    'the Job is being deleted'
  )
}

await t.test('a refused ConfigMap leaves no Job', async (t) =>
  await afterTheJob(t, (kind) => kind === 'configmaps' ? status(422, 'too large') : undefined))
await t.test('a forbidden Secret leaves no Job', async (t) =>
  await afterTheJob(t, (kind) => kind === 'secrets' ? status(403, 'exceeded quota') : undefined))
await t.test('a lost answer leaves no Job', async (t) =>
  await afterTheJob(t, (kind) => kind === 'secrets' ? 'break' : undefined))

/** The same bucket behind a fault proxy. */
async function storeBehind (t: Test, settings: StoreSettings) {
  const proxy = await faultProxy(t)
  proxy.target = { url: settings.S3_ENDPOINT }
  return { proxy, store: openStore({ ...settings, S3_ENDPOINT: proxy.url }) }
}

await t.test('a store failure after the Job was created does not end the job; a ping updates the record', async (t) => {
  const store = await testStore(t)
  const { cluster, ping, post: direct } = await deployServer(t, { store })
  const { proxy, store: failing } = await storeBehind(t, store.settings)
  const { post } = await deployWith(t, { store: failing, cluster })
  proxy.fate = writesState('pending', 'refuse')
  const { job_uuid: id } = await problemOf(
    t,
    await post({ env: { PASSWORD: 'hunter2' } }, withKey('a')),
    503,
    'store-unavailable'
  )
  t.notOk((await readRecord(store, id!))!.record.stop)
  t.equal((await ping()).status, 204)
  const [job, ...more] = await cluster.jobs()
  t.same(more, [])
  t.match((await readRecord(store, id!))!.record, { state: 'pending', job_uid: job!.metadata!.uid! })
  t.equal(
    await idOf(await direct({ env: { PASSWORD: 'hunter2' } }, withKey('a'))),
    id,
    'the key still belongs to the job'
  )
})

await t.test('with one key, a failed request does not end the job that another request has started', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { proxy, store: slow } = await storeBehind(t, store.settings)
  const first = await deployWith(t, { store: slow, cluster: kubernetes.cluster })
  const second = await deployWith(t, { store, cluster: kubernetes.real })
  let id: string | undefined
  // The first request has the claim and is about to write the record. Now the second request runs completely.
  proxy.fate = async ({ method, path }): Promise<Fate> => {
    if (method === 'PUT' && path.includes('/state/')) id ??= await idOf(await second.post({}, withKey('a')))
    return 'pass'
  }
  kubernetes.meddle = async ({ method }, pass) => method === 'POST' ? 'break' : await pass()
  await problemOf(t, await first.post({}, withKey('a')), 503, 'kubernetes-unavailable')
  const { record } = (await readRecord(store, id!))!
  t.equal(record.state, 'pending')
  t.notOk(record.stop)
  t.equal((await kubernetes.real.jobs()).length, 1)
  t.equal(await idOf(await second.post({}, withKey('a'))), id)
})

await t.test('a request that fails gets the job that another request with the same key has started', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const first = await deployWith(t, { store, cluster: kubernetes.cluster })
  const second = await deployWith(t, { store, cluster: kubernetes.real })
  let id: string | undefined
  kubernetes.meddle = async ({ method }, pass) => {
    if (method !== 'POST') return await pass()
    id = await idOf(await second.post({}, withKey('a')))
    return 'break'
  }
  t.equal(await idOf(await first.post({}, withKey('a'))), id)
  t.notOk((await readRecord(store, id!))!.record.stop)
  t.equal((await kubernetes.real.jobs()).length, 1)
})

await t.test('a job that is given up is given up for all requests with its key', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { proxy, store: slow } = await storeBehind(t, store.settings)
  const first = await deployWith(t, { store, cluster: kubernetes.cluster })
  const second = await deployWith(t, { store: slow, cluster: kubernetes.real })
  const begun = Promise.withResolvers<void>()
  const givenUp = Promise.withResolvers<void>()
  proxy.fate = async ({ method, path }): Promise<Fate> => {
    if (method === 'PUT' && path.includes('/state/')) {
      begun.resolve()
      await givenUp.promise
    }
    return 'pass'
  }
  let late: Promise<Response> | undefined
  kubernetes.meddle = async ({ method }, pass) => {
    if (method !== 'POST') return await pass()
    late = second.post({}, withKey('a'))
    // The second request has created the Job and is about to write the record.
    await begun.promise
    return 'break'
  }
  await problemOf(t, await first.post({}, withKey('a')), 503, 'kubernetes-unavailable')
  givenUp.resolve()
  await problemOf(t, (await late)!, 503, 'kubernetes-unavailable')
  t.same((await kubernetes.real.jobs()).filter(({ metadata }) => metadata?.deletionTimestamp === undefined), [])
  kubernetes.meddle = async (_, pass) => await pass()
  t.equal((await first.post({}, withKey('a'))).status, 202, 'the key is free again')
})

await t.test('without a store there is no request to Kubernetes', async (t) => {
  const settings = {
    S3_ENDPOINT: await closedUrl(),
    S3_ACCESS_KEY: 'a',
    S3_SECRET_KEY: 'b',
    S3_BUCKET: 'bucket',
    S3_REGION: 'us-east-1'
  }
  const { url, received } = await httpServer(t)
  const { post } = await deployWith(t, { store: openStore(settings), cluster: clusterAt(t, url) })
  for (const options of [{}, withKey('a')]) await problemOf(t, await post({}, options), 503, 'store-unavailable')
  t.same(received, [])
})
