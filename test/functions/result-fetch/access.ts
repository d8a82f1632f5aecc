import { randomUUID } from 'node:crypto'
import t from 'tap'
import { resultFetch } from '../../../functions/result-fetch/app.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { stateKey } from '../../../shared/store/bucket-layout.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { tryEveryRoute } from '../../support/every-route.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { problemOf } from '../../support/problem-of.ts'
import { putResults } from '../../support/put-results.ts'
import { storeProxy } from '../../support/store-proxy.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)

await t.test('every route requires a credential', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { url, create } = await fetchServer(t, store, settings)
  const attempt = randomUUID()
  await tryEveryRoute(t, {
    url,
    plugin: resultFetch({} as never),
    requests: {
      'GET /job': {},
      'GET /job/{id}': {},
      'GET /job/{id}/result/list': {},
      'GET /job/{id}/result': { query: '?file=out.txt' },
      'HEAD /job/{id}/result': { query: '?file=out.txt' },
      'GET /job/{id}/result/archive': {},
      'HEAD /job/{id}/result/archive': {},
      'GET /job/{id}/callback': {}
    },
    open: [],
    add,
    async job () {
      const { job_uuid: id } = await create({ owner: 'alice', state: 'succeeded', attempt })
      await putResults(store, { id, attempt }, { 'out.txt': 'a result' })
      return id
    }
  })
})

await t.test('a request reads the record of its job once, also to compare the owner', async (t) => {
  const proxy = await storeProxy(t)
  proxy.target = store.settings.S3_ENDPOINT
  const { settings, add } = apiKeyFolder(t)
  const { url, create } = await fetchServer(t, openStore({ ...store.settings, S3_ENDPOINT: proxy.url }), settings)
  const authorization = `Bearer ${add('alice', 'jobs:read')}`
  const attempt = randomUUID()
  const { job_uuid: id } = await create({ owner: 'alice', state: 'succeeded', attempt })
  await putResults(store, { id, attempt }, { 'out.txt': 'a result' })
  for (const path of ['', '/callback', '/result/list', '/result?file=out.txt', '/result/archive']) {
    proxy.seen.length = 0
    const response = await fetch(`${url}/job/${id}${path}`, { headers: { authorization } })
    t.equal(response.status, 200, path)
    await response.bytes()
    t.equal(proxy.seen.filter(({ path }) => path.endsWith(stateKey(id))).length, 1, path)
  }
  proxy.seen.length = 0
  const changed = await fetch(`${url}/job/${id}`, { headers: { authorization, prefer: 'wait=9' } })
  t.equal(changed.status, 200)
  t.equal(proxy.seen.length, 1, 'also with Prefer: wait for a job that has ended')
})

await t.test('the counts of all jobs need a scope of their own, which allows nothing else', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { url } = await fetchServer(t, store, settings)
  const ask = async (path: string, key?: string): Promise<Response> =>
    await fetch(url + path, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } })
  const key = add('prometheus', 'metrics:read')
  t.match(await (await ask('/metrics/jobs', key)).text(), /^gx4ki_jobs_complete 1$/m)
  await problemOf(t, await ask('/metrics/jobs'), 401, 'unauthorized')
  await problemOf(t, await ask('/metrics/jobs', add('alice', 'jobs:read', 'jobs:write')), 403, 'forbidden')
  for (const path of ['/job', `/job/${newJobId()}`]) await problemOf(t, await ask(path, key), 403, 'forbidden')
})

await t.test('a caller sees only their own jobs in the list, an admin sees all jobs', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const own = await testStore(t)
  const { url, create } = await fetchServer(t, own, settings)
  const owners = ['alice', 'bob', undefined]
  const made = await Promise.all(Array.from({ length: 12 }, async (_, i) => {
    const owner = owners[i % 3]
    return await create({
      job_uuid: newJobId(new Date(Date.now() - i * 1000)),
      ...(owner && { owner }),
      state: i < 6 ? 'running' : 'succeeded'
    })
  }))
  const of = (owner: string | undefined): string[] =>
    made.filter((job) => job.owner === owner).map(({ job_uuid: id }) => id)
  const list = async (key: string, query: string) =>
    await (await fetch(`${url}/job?${query}`, { headers: { authorization: `Bearer ${key}` } })).json() as {
      jobs: { job_uuid: string, owner: string | null }[]
      next_cursor: string | null
    }

  for (const owner of ['alice', 'bob']) {
    const key = add(owner, 'jobs:read')
    const found: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(key, `limit=3${cursor && `&cursor=${cursor}`}`)
      t.ok(page.jobs.every((job) => job.owner === owner))
      found.push(...page.jobs.map(({ job_uuid: id }) => id))
      cursor = page.next_cursor
    }
    t.strictSame(found, of(owner))
    t.strictSame((await list(key, 'state=running')).jobs.map(({ job_uuid: id }) => id), of(owner).slice(0, 2))
  }
  t.strictSame(await list(add('carol', 'jobs:read'), ''), { jobs: [], next_cursor: null })
  const all = (await list(add('root', 'admin'), '')).jobs
  t.strictSame(all.map(({ job_uuid: id }) => id), made.map(({ job_uuid: id }) => id))
  t.strictSame(all.slice(0, 3).map(({ owner }) => owner), ['alice', 'bob', null])
})
