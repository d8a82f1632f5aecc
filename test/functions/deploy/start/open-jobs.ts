import t from 'tap'
import { checkOpenJobs } from '../../../../functions/deploy/start/open-jobs.ts'
import { advance } from '../../../../shared/job/advance.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'
import { advanceRecord, createRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { countedKey, countedPrefix } from '../../../../shared/store/bucket-layout.ts'
import { inBatches, putObject } from '../../../../shared/store/object-store.ts'
import type { Store } from '../../../../shared/store/open-store.ts'
import { apiKeyFolder } from '../../../support/api-keys.ts'
import { deployServer, deployWith, keysOf } from '../../../support/deploy-server.ts'
import { newRecord } from '../../../support/new-record.ts'
import { poll } from '../../../support/poll.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { testStore } from '../../../support/store.ts'

const as = (credential: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${credential}`, ...more }
})
const idOf = async (response: Response): Promise<string> => (await response.json() as { job_uuid: string }).job_uuid

await t.test('a caller cannot have more open jobs than the limit, until one has ended', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { url, post, store } = await deployServer(t, { mostOpen: 2, callers: settings })
  const [alice, second, bob] = [add('alice', 'jobs:write'), add('alice', 'jobs:write'), add('bob', 'jobs:write')]
  const keyed = as(alice, { 'idempotency-key': 'a' })
  const first = await idOf(await post({}, keyed))
  t.equal((await post({}, as(second))).status, 202)
  const before = await keysOf(store)
  for (
    const ask of [
      async () => await post({}, as(alice)),
      async () => await post({}, as(second, { 'idempotency-key': 'b' })),
      async () => await fetch(`${url}/job/deploy`, as(alice)),
      async () => await fetch(`${url}/demo`, as(alice))
    ]
  ) {
    const response = await ask()
    t.equal(response.headers.get('retry-after'), '60')
    await problemOf(t, response, 429, 'too-many-jobs')
  }
  t.same(await keysOf(store), before, 'refused requests leave nothing')
  t.equal(await idOf(await post({}, keyed)), first, 'a repeated request does not count')
  t.equal((await post({}, { ...as(alice), query: '?dry_run=true' })).status, 200, 'a dry run does not count')
  t.equal((await post({}, as(bob))).status, 202, 'another caller has its own limit')

  await advanceRecord(store, first, (record) => advance(record, { state: 'succeeded' }, new Date()))
  t.ok((await keysOf(store)).includes(`open/${first}`), 'a callback may still be owed for the job')
  t.equal((await post({}, as(alice))).status, 202)
  await problemOf(t, await post({}, as(alice)), 429, 'too-many-jobs')
})

const keysOfOwner = async (store: Store, owner: string): Promise<string[]> =>
  (await keysOf(store)).filter((key) => key.startsWith(countedPrefix(owner)))

await t.test('a job counts by its key, and no longer when it has ended in any way', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { post, remove, store, cluster } = await deployServer(t, { mostOpen: 3, callers: settings })
  const alice = as(add('alice', 'jobs:write'))
  await problemOf(t, await post({ template: 'refused' }, alice), 422, 'rejected-by-kubernetes')
  t.same(await keysOf(store), [], 'a refused job leaves no key')
  const deployed = async (): Promise<string> => await idOf(await post({}, alice))
  const [canceled, failed, open] = [await deployed(), await deployed(), await deployed()]
  t.equal((await keysOfOwner(store, 'alice')).length, 3)
  await cluster.batch.deleteNamespacedJob({ namespace: cluster.namespace, name: `gx4ki-${canceled}` })
  await advanceRecord(store, canceled, ({ job_uid: _, ...record }) => ({ ...record, state: 'accepted', revision: 9 }))
  await poll('the Job is deleted', async () => (await cluster.jobs()).length === 2)
  t.equal((await remove(canceled, alice)).status, 200)
  await advanceRecord(store, failed, (record) => advance(record, { state: 'failed' }, new Date()))
  t.same(await keysOfOwner(store, 'alice'), [countedKey('alice', open)])
})

await t.test('a key that a crash left takes no place for ever', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { post, store } = await deployServer(t, { mostOpen: 2, callers: settings })
  const alice = as(add('alice', 'jobs:write'))
  const put = async (id: string): Promise<unknown> =>
    await putObject(store, countedKey('alice', id), '', {}, 'unconditional')
  // The process crashed between the end of the job and the removal of the key.
  const ended = newRecord({ state: 'failed', owner: 'alice', counted: true })
  await createRecord(store, ended)
  // It crashed before it wrote the record: one long ago, and one just now, or it is about to write it.
  const [old, young] = [newJobId(new Date(Date.now() - 6 * 60_000)), newJobId()]
  for (const id of [ended.job_uuid, old, young]) await put(id)
  const id = await idOf(await post({}, alice))
  t.same((await keysOfOwner(store, 'alice')).sort(), [countedKey('alice', young), countedKey('alice', id)].sort())
  await problemOf(t, await post({}, alice), 429, 'too-many-jobs')
})

await t.test('a limit is for jobs that were requested since it was set', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { post, store, cluster } = await deployServer(t, { callers: settings })
  const alice = as(add('alice', 'jobs:write'))
  const before = await idOf(await post({}, alice))
  const limited = await deployWith(t, { store, cluster, callers: settings, mostOpen: 1 })
  t.equal((await limited.post({}, alice)).status, 202)
  await problemOf(t, await limited.post({}, alice), 429, 'too-many-jobs')
  t.notOk((await readRecord(store, before))!.record.counted)
  const counted = await keysOfOwner(store, 'alice')
  await advanceRecord(store, before, (record) => advance(record, { state: 'failed' }, new Date()))
  t.same(await keysOfOwner(store, 'alice'), counted, 'its end removes nothing')
})

await t.test('a large limit is counted over several pages, and no further', async (t) => {
  const store = await testStore(t)
  const ids = Array.from({ length: 1005 }, () => newJobId())
  await inBatches(ids, async (id) => await putObject(store, countedKey('alice', id), '', {}, 'unconditional'))
  await putObject(store, countedKey('bob', newJobId()), '', {}, 'unconditional')
  await checkOpenJobs(store, 'alice', 1006)
  await checkOpenJobs(store, 'bob', 2)
  for (const most of [1005, 1000, 1]) await t.rejects(checkOpenJobs(store, 'alice', most), { message: /1005|1000|1 / })
})

await t.test('without credentials all requests are from one caller', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { post, store, cluster } = await deployServer(t, { mostOpen: 1 })
  const others = await deployWith(t, { store, cluster, callers: settings })
  t.equal((await others.post({}, as(add('alice', 'jobs:write')))).status, 202, 'a caller with a key counts separately')
  t.equal((await post({})).status, 202)
  await problemOf(t, await post({}), 429, 'too-many-jobs')
})

await t.test('without a setting there is no limit', async (t) => {
  const { post } = await deployServer(t)
  for (let i = 0; i < 5; i++) t.equal((await post({})).status, 202)
})
