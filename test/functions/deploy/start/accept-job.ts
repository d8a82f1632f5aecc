import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { V1Secret } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { advance } from '../../../../shared/job/advance.ts'
import { advanceRecord, noteOwing, readRecord } from '../../../../shared/job/record-store.ts'
import { markerKey } from '../../../../shared/store/bucket-layout.ts'
import { putObject, removeObject } from '../../../../shared/store/object-store.ts'
import { openStore, type StoreSettings } from '../../../../shared/store/open-store.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { deployServer, deployWith, keysOf, templates } from '../../../support/deploy-server.ts'
import { type Fate, faultProxy } from '../../../support/fault-proxy.ts'
import { writesState } from '../../../support/fault-rules.ts'
import { httpServer } from '../../../support/http-server.ts'
import { type Meddle, meddledKubernetes, status } from '../../../support/meddled-kubernetes.ts'
import { openRecord } from '../../../support/open-record.ts'
import { poll } from '../../../support/poll.ts'
import { problemAbout, problemOf } from '../../../support/problem-of.ts'
import { startedJob } from '../../../support/running-job.ts'
import { testStore } from '../../../support/store.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const idOf = async (response: Response): Promise<string> => (await response.json() as { job_uuid: string }).job_uuid
const withKey = (key: string) => ({ headers: { 'idempotency-key': key } })

await t.test('requests with the same key get the same job if they are equal', async (t) => {
  const { post, store, cluster } = await deployServer(t)
  const first = await post({ env: { DURATION: 20 } }, withKey('a'))
  t.equal(first.status, 202)
  const id = await idOf(first)
  for (
    const [body, key] of [
      [{ env: { DURATION: 20 } }, 'a'],
      [{ env: { DURATION: '20' } }, 'a'],
      [{ env: { DURATION: 20 } }, '"a"']
    ] as const
  ) {
    const again = await post(body, withKey(key))
    t.equal(again.status, 202)
    t.equal(await idOf(again), id, 'for every notation of the same request and key')
  }
  for (
    const body of [
      {},
      { env: { DURATION: 21 } },
      { env: { DURATION: 20, MODE: 'fast' } },
      { template: 'test', env: { DURATION: 20 } },
      { template: 'other', env: { DURATION: 20 } },
      { env: { DURATION: 20, PASSWORD: 'hunter2' } }
    ]
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
  for (
    const key of [
      ...['', '""', '"', '"a', 'a"', 'a,b', 'a\\b', '"a", "b"', '"a";b', '"\\a"', 'ä'],
      ...['x'.repeat(256), `"${'x'.repeat(256)}"`]
    ]
  ) {
    const response = await fetch(`${url}/job/deploy`, { headers: { 'idempotency-key': key } })
    await problemAbout(t, response, 'idempotency-key')
  }
  for (const twice of [['a', 'a'], ['"a', 'b"'], ['a', '']]) {
    const headers = twice.flatMap((key) => ['idempotency-key', key])
    const asked = request(`${url}/job/deploy`, { headers: ['host', 'a', ...headers] })
    const [response] = await once(asked.end(), 'response')
    t.equal(response.statusCode, 400)
    t.match(JSON.parse(await text(response)), { errors: [{ field: 'idempotency-key' }] })
  }
  t.same(await keysOf(store), [])
})

await t.test('a key is one text, with and without quotes', async (t) => {
  const { post } = await deployServer(t)
  const idFor = async (key: string): Promise<string> => await idOf(await post({}, withKey(key)))
  for (const key of ['8e03978e-40d5', 'a key']) t.equal(await idFor(`"${key}"`), await idFor(key))
  const others = ['"a\\"b"', '"a\\\\b"', '"a b"', '"a,b"', 'a/b: c=', `"${'x'.repeat(255)}"`]
  t.equal(new Set(await Promise.all(others.map(idFor))).size, others.length)
})

await t.test('a repeated request gets its job, whatever the operator has changed', async (t) => {
  const secretsDir = temporaryFolder(t, { hook: `whsec_${randomBytes(32).toString('base64')}` })
  const egress = { allowed: new Set<string>(), denied: [] }
  const webhooks = { egress, secretsDir, defaultSecret: 'hook' as string | undefined }
  const { post, store, cluster } = await deployServer(t, { webhooks })
  const body = { env: { DURATION: 20 }, callback: { url: 'https://example.org/hook' } }
  const id = await idOf(await post(body, withKey('a')))
  const { description, env, ...other } = templates.get('test')!
  const changes: Parameters<typeof deployWith>[1][] = [
    { store, cluster, defaultTemplate: 'other' },
    { store, cluster, webhooks: { ...webhooks, defaultSecret: undefined } },
    { store, cluster, webhooks: { ...webhooks, secretsDir: undefined } },
    { store, cluster, templates: () => ({ usable: new Map(), refused: new Map([['test.yaml', 'it is broken']]) }) },
    {
      store,
      cluster,
      templates: () => ({
        usable: new Map([['test', { ...other, description, env: { ...env, properties: {} } }]]),
        refused: new Map()
      })
    },
    { store, cluster, mostOpen: 1 }
  ]
  for (const [index, change] of changes.entries()) {
    const again = await deployWith(t, change.webhooks ? change : { ...change, webhooks })
    const response = await again.post(body, withKey('a'))
    t.equal(response.status, 202, `change ${index}`)
    t.equal(await idOf(response), id, `change ${index}`)
    await problemOf(t, await again.post({ ...body, queue: 'x' }, withKey('a')), 422, 'idempotency-mismatch')
  }
  t.equal((await cluster.jobs()).length, 1)
})

await t.test('a repeated request gets a job that cannot start because its template is gone', async (t) => {
  const { post, store, cluster, ping } = await deployServer(t)
  const id = await idOf(await post({}, withKey('a')))
  // Simulate a crash of deploy right after it wrote the record.
  await advanceRecord(store, id, ({ job_uid: _, ...record }) => ({ ...record, revision: 9, state: 'accepted' }))
  const without = await deployWith(t, { store, cluster, templates: () => ({ usable: new Map(), refused: new Map() }) })
  t.match(await (await without.post({}, withKey('a'))).json(), { job_uuid: id, state: 'accepted' })
  await ping()
  t.match((await readRecord(store, id))!.record, { state: 'pending' }, 'the ping starts it when the template is back')
})

await t.test('a claim of an earlier version is of another request, and harms nothing', async (t) => {
  const { post, store } = await deployServer(t)
  const id = await idOf(await post({}, withKey('a')))
  const object = (await readRecord(store, id))!.record.idempotency!
  for (const claim of [{ job_uuid: id, fingerprint: 'f'.repeat(64) }, { job_uuid: id }]) {
    await putObject(store, object, JSON.stringify(claim), {}, 'unconditional')
    const problem = await problemOf(t, await post({}, withKey('a')), 422, 'idempotency-mismatch')
    t.equal(problem.job_uuid, id)
  }
})

await t.test('a process that crashed while it gave a job up leaves a key that the ping frees', async (t) => {
  const { post, store, ping } = await deployServer(t)
  const id = await idOf(await post({}, withKey('a')))
  const stop = { reason: 'KubernetesUnavailable' as const, at: new Date().toISOString() }
  await advanceRecord(store, id, ({ job_uid: _, ...record }) => ({ ...record, revision: 9, state: 'accepted', stop }))
  await problemOf(t, await post({}, withKey('a')), 503, 'kubernetes-unavailable')
  await ping()
  const again = await post({}, withKey('a'))
  t.equal(again.status, 202)
  t.not(await idOf(again), id)
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

await t.test('a job that Kubernetes refuses leaves nothing, also when its record is slow', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { proxy, store: slow } = await storeBehind(t, store.settings)
  const { post } = await deployWith(t, { store: slow, cluster: kubernetes.cluster })
  const refused = Promise.withResolvers<void>()
  kubernetes.meddle = async (_, pass) => {
    const answer = await pass()
    if (answer.code === 422) setTimeout(refused.resolve, 100)
    return answer
  }
  proxy.fate = async ({ method, path }): Promise<Fate> => {
    if (method === 'PUT' && path.includes('/state/')) await refused.promise
    return 'pass'
  }
  await problemOf(t, await post({ template: 'refused' }, withKey('a')), 422, 'rejected-by-kubernetes')
  t.same(await keysOf(store), [])
})

await t.test('what another process writes while a job is being started is kept', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { post } = await deployWith(t, { store, cluster: kubernetes.cluster })
  kubernetes.meddle = async ({ url, body }, pass) => {
    if (url.endsWith('/secrets')) {
      const id = (JSON.parse(body.toString()) as V1Secret).metadata!.labels!['gx4ki.job.uuid']!
      await advanceRecord(store, id, (record) => ({ ...record, revision: record.revision + 1, exit_code: 7 }))
    }
    return await pass()
  }
  const id = await idOf(await post({}))
  t.match((await readRecord(store, id))!.record, { state: 'pending', job_uid: /./, exit_code: 7, revision: 3 })
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
      'an error': async () => status(500, 'etcd is slow')
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

type Fails = (kind: string) => Awaited<ReturnType<Meddle>> | undefined

/** A server that a test may close while it is used. */
async function closableServer (t: Test): Promise<{ url: string, server: Server }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

/** A deploy whose API server answers the creation of some objects so. Checks that no Job remains. */
async function deployThatFails (t: Test, fails: Fails) {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const created: string[] = []
  kubernetes.meddle = async ({ method, url }, pass) => {
    if (method !== 'POST') return await pass()
    const kind = url.split('/').at(-1)!.split('?')[0]!
    created.push(kind)
    return fails(kind) ?? await pass()
  }
  return {
    store,
    created,
    ...await deployWith(t, { store, cluster: kubernetes.cluster }),
    noJob: async () =>
      t.same(
        (await kubernetes.real.jobs()).filter(({ metadata }) => metadata?.deletionTimestamp === undefined),
        [],
        'there is no Job, or it is being deleted'
      )
  }
}

const quota = 'jobs.batch "gx4ki-x" is forbidden: exceeded quota: jobs, requested: count/jobs.batch=1, ' +
  'used: count/jobs.batch=5000, limited: count/jobs.batch=5000'
const conflict = 'Operation cannot be fulfilled on resourcequotas "jobs": the object has been modified; please apply ' +
  'your changes to the latest version and try again'
const podSecurity = 'would violate PodSecurity "restricted:latest": host namespaces (hostNetwork=true)'

await t.test('what Kubernetes refuses leaves nothing, and the answer has its own sentence', async (t) => {
  for (
    const [fails, code, kind, sentence] of [
      [(of) => of === 'jobs' ? status(403, quota, 'Forbidden') : undefined, 429, 'quota-exceeded', quota],
      [(of) => of === 'jobs' ? status(403, 'not allowed here', 'Forbidden') : undefined, 422, 'rejected-by-kubernetes', 'not allowed here'],
      [(of) => of === 'jobs' ? status(404, 'no namespace') : undefined, 422, 'rejected-by-kubernetes', 'no namespace'],
      [(of) => of === 'jobs' ? status(409, conflict, 'Conflict') : undefined, 503, 'kubernetes-unavailable', conflict],
      [(of) => of === 'jobs' ? status(401, 'Unauthorized') : undefined, 503, 'kubernetes-unavailable', 'Unauthorized'],
      [(of) => of === 'jobs' ? status(429, 'slow down') : undefined, 503, 'kubernetes-unavailable', 'slow down'],
      [(of) => of === 'configmaps' ? status(422, 'too large') : undefined, 422, 'rejected-by-kubernetes', 'too large'],
      [(of) => of === 'secrets' ? status(403, quota) : undefined, 429, 'quota-exceeded', quota],
      [(of) => of === 'secrets' ? status(409, conflict, 'Conflict') : undefined, 503, 'kubernetes-unavailable', conflict]
    ] as [Fails, number, string, string][]
  ) {
    await t.test(`${code} ${sentence.slice(0, 40)}`, async (t) => {
      const { store, post, noJob } = await deployThatFails(t, fails)
      for (let tried = 0; tried < (code === 429 ? 5 : 1); tried++) {
        const response = await post({ env: { PASSWORD: 'hunter2' } }, withKey('a'))
        if (code !== 422) t.ok(response.headers.get('retry-after'))
        const problem = await problemOf(t, response, code, kind)
        t.ok(problem.detail.includes(sentence), problem.detail)
        t.notOk(problem.job_uuid)
      }
      t.same(await keysOf(store), [], 'the bucket is empty')
      await noJob()
      await problemOf(t, await post({}, { query: '?dry_run=true' }), code, kind)
      t.same(await keysOf(store), [])
    })
  }
})

await t.test('a Conflict of a contended quota is tried again', async (t) => {
  let conflicts = 3
  const { post, created } = await deployThatFails(t, (kind) =>
    kind === 'jobs' && conflicts-- > 0 ? status(409, conflict, 'Conflict') : undefined)
  t.equal((await post({})).status, 202)
  t.same(created.sort(), ['configmaps', 'jobs', 'jobs', 'jobs', 'jobs', 'secrets'])
})

await t.test('AlreadyExists is told by its reason: another 409 is a refusal', async (t) => {
  const { post, store } = await deployThatFails(t, (kind) =>
    kind === 'configmaps' ? status(409, 'no', 'Gone') : undefined)
  await problemOf(t, await post({}), 422, 'rejected-by-kubernetes')
  t.same(await keysOf(store), [])
  const { post: again } = await deployThatFails(t, (kind) =>
    kind === 'configmaps' ? status(409, 'there is one', 'AlreadyExists') : undefined)
  t.equal((await again({})).status, 202)
})

await t.test('a refusal never shows a secret value, even if a webhook quotes it', async (t) => {
  const { post } = await deployThatFails(t, (kind) =>
    kind === 'secrets' ? status(403, 'the value "hunter2" is too simple') : undefined)
  const { detail } = await problemOf(t, await post({ env: { PASSWORD: 'hunter2' } }), 422, 'rejected-by-kubernetes')
  t.equal(detail, 'the value "…" is too simple')
})

await t.test('an object whose creation is not confirmed leaves no Job, and its record until that is certain', async (t) => {
  const { post, store, noJob } = await deployThatFails(t, (kind) => kind === 'secrets' ? 'break' : undefined)
  const { job_uuid: id } = await problemOf(t, await post({}), 503, 'kubernetes-unavailable')
  t.match((await readRecord(store, id!))!.record, { stop: { reason: 'KubernetesUnavailable' } })
  await noJob()
})

await t.test('a Job that cannot be deleted again keeps its record', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { post } = await deployWith(t, { store, cluster: kubernetes.cluster })
  kubernetes.meddle = async ({ method, url }, pass) =>
    url.endsWith('/secrets') ? status(403, 'no') : method === 'DELETE' ? status(500, 'etcd is slow') : await pass()
  const { job_uuid: id } = await problemOf(t, await post({}), 503, 'kubernetes-unavailable')
  t.match((await readRecord(store, id!))!.record, { stop: { reason: 'KubernetesUnavailable' } })
  t.ok((await keysOf(store)).includes(markerKey(id!)), 'the ping deletes the Job')
})

await t.test('a Job that cannot be deleted again because the API server is gone keeps its record', async (t) => {
  const store = await testStore(t)
  const { url, server } = await closableServer(t)
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const isJob = request.url!.endsWith('/jobs')
    request.resume().once('end', () => {
      const { code, body } = isJob
        ? { code: 201, body: JSON.stringify({ kind: 'Job', metadata: { name: 'a', uid: 'a' } }) }
        : status(403, 'no')
      response.writeHead(code, { 'content-type': 'application/json', connection: 'close' }).end(body)
      if (!isJob) server.close()
    })
  })
  const { post } = await deployWith(t, { store, cluster: clusterAt(t, url) })
  const { job_uuid: id } = await problemOf(t, await post({}), 503, 'kubernetes-unavailable')
  t.match((await readRecord(store, id!))!.record, { stop: { reason: 'KubernetesUnavailable' } })
})

await t.test('a Job that another process made is not deleted when its ConfigMap is refused', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { ping } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const id = await openRecord(store)
  kubernetes.meddle = async ({ url }, pass) => url.endsWith('/secrets') ? 'break' : await pass()
  await ping()
  t.equal((await kubernetes.real.jobs()).length, 1)
  // A full quota refuses an object before it looks whether there is one of this name.
  kubernetes.meddle = async ({ method }, pass) => method === 'POST' ? status(403, quota) : await pass()
  await ping()
  t.equal((await kubernetes.real.jobs()).length, 1)
  kubernetes.meddle = async ({ url }, pass) => url.endsWith('/jobs') ? status(403, quota) : await pass()
  await ping()
  t.match((await readRecord(store, id))!.record, { state: 'pending', job_uid: /./ }, 'the job starts all the same')
})

await t.test('what the API server warns of is in the answer, in the record, and in a dry run', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { post } = await deployWith(t, { store, cluster: kubernetes.cluster })
  kubernetes.meddle = async ({ method, url }, pass) => ({
    ...await pass(),
    ...(method === 'POST' && url.includes('/jobs') && {
      headers: { warning: `299 - "${podSecurity.replaceAll('"', '\\"')}", 299 - "second"` }
    })
  })
  const answer = await (await post({ env: { PASSWORD: 'hunter2' } })).json() as { job_uuid: string, message?: string }
  t.equal(answer.message, `${podSecurity} second`)
  t.match((await readRecord(store, answer.job_uuid))!.record, { state: 'pending', message: `${podSecurity} second` })
  const tried = await (await post({}, { query: '?dry_run=true' })).json() as { warnings: string[] }
  t.same(tried.warnings, [podSecurity, 'second'])
  kubernetes.meddle = async (_, pass) => await pass()
  t.notOk('message' in (await (await post({})).json() as object))
})

await t.test('when the quota is full, Jobs that have ended and are wrapped up make room', async (t) => {
  const store = await testStore(t)
  const kubernetes = await meddledKubernetes(t)
  const { post } = await deployWith(t, { store, cluster: kubernetes.cluster })
  const place = { store, cluster: kubernetes.real }
  const jobs = await Promise.all(['exit 0', 'exit 3', 'exit 0', 'sleep 60'].map(async (script) =>
    await startedJob(place, script)))
  const [done, owing, open, running] = jobs.map(({ record }) => record.job_uuid) as [string, string, string, string]
  await poll('three Jobs have ended', async () =>
    (await kubernetes.real.jobs()).filter(({ status }) => status?.conditions?.some(({ type }) =>
      type === 'Complete' || type === 'Failed')).length === 3)
  // The end of `open` is in its record, but its log is not kept yet.
  for (const id of [done, owing, open]) {
    await advanceRecord(store, id, (record) => advance(record, { state: 'failed' }, new Date()))
  }
  await removeObject(store, markerKey(done))
  await noteOwing(store, owing)
  const left = async () => (await kubernetes.real.jobs()).map(({ metadata }) => metadata!.labels!['gx4ki.job.uuid'])
  kubernetes.meddle = async ({ method, url }, pass) =>
    method === 'POST' && url.endsWith('/jobs') && (await left()).length >= 4 ? status(403, quota) : await pass()
  const { job_uuid: id } = await (await post({})).json() as { job_uuid: string }
  t.same((await left()).sort(), [open, running, id].sort(), 'Jobs whose end or log is not kept yet stay')
  t.match((await readRecord(store, done))!.record, { state: 'failed' }, 'their records stay')

  kubernetes.meddle = async ({ method }, pass) => method === 'POST' ? status(403, quota) : await pass()
  await problemOf(t, await post({}), 429, 'quota-exceeded')
  t.equal((await left()).length, 3, 'nothing else is deleted')
})

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
