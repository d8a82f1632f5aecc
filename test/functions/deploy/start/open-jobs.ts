import t from 'tap'
import { advance } from '../../../../shared/job/advance.ts'
import { advanceRecord } from '../../../../shared/job/record-store.ts'
import { apiKeyFolder } from '../../../support/api-keys.ts'
import { deployServer, deployWith, keysOf } from '../../../support/deploy-server.ts'
import { problemOf } from '../../../support/problem-of.ts'

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
