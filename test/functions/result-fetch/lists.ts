import t, { type Test } from 'tap'
import { extendLists } from '../../../functions/deploy/keep/extend-lists.ts'
import type { JobPage } from '../../../functions/result-fetch/list-jobs.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { putIntoLists } from '../../../shared/job/lists/job-lists.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal, type State } from '../../../shared/job/job-state.ts'
import { ALL_JOBS, readListedUntil, writeListedUntil } from '../../../shared/job/lists/listed-until.ts'
import { markerKey, ownerListKey, stateListKey } from '../../../shared/store/bucket-layout.ts'
import { putObject, removeObject } from '../../../shared/store/object-store.ts'
import { openStore, type Store } from '../../../shared/store/open-store.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { newRecord } from '../../support/new-record.ts'
import { seedRecords } from '../../support/seed-records.ts'
import { storeProxy } from '../../support/store-proxy.ts'
import { testStore } from '../../support/store.ts'

const now = Date.now()
const MINUTE = 60_000

/** A job of some minutes ago. */
const job = (minutes: number, owner: string, state: State, more: Partial<JobRecord> = {}): JobRecord =>
  newRecord({ job_uuid: newJobId(new Date(now - minutes * MINUTE)), owner, state, ...more })

async function listed (t: Test, store: Awaited<ReturnType<typeof testStore>>) {
  const proxy = await storeProxy(t)
  proxy.target = store.settings.S3_ENDPOINT
  const { settings, add } = apiKeyFolder(t)
  const { url } = await fetchServer(t, openStore({ ...store.settings, S3_ENDPOINT: proxy.url }), settings)
  const keys = new Map<string, string>()
  return {
    proxy,
    /** All pages of a list, as ids. Without an owner, the list is that of an admin. */
    async pages (owner: string | undefined, query = '') {
      const key = keys.get(String(owner)) ?? add(owner ?? 'root', owner === undefined ? 'admin' : 'jobs:read')
      keys.set(String(owner), key)
      const found: string[][] = []
      for (let cursor: string | null = ''; cursor !== null && found.length < 100;) {
        const response = await fetch(`${url}/job?${query}${cursor && `&cursor=${cursor}`}`, {
          headers: { authorization: `Bearer ${key}` }
        })
        t.equal(response.status, 200)
        const page = await response.json() as JobPage
        found.push(page.jobs.map(({ job_uuid: id }) => id))
        cursor = page.next_cursor
      }
      return found
    }
  }
}

async function seed (store: Store, records: JobRecord[]): Promise<void> {
  await seedRecords(store, records, async (record) => {
    await putIntoLists(store, record)
    if (!isTerminal(record.state)) await putObject(store, markerKey(record.job_uuid), '', {}, 'unconditional')
  })
}

const idsOf = (records: JobRecord[]): string[] => records.map(({ job_uuid: id }) => id).sort()

await t.test('the few jobs of a query are found among thousands with few requests', async (t) => {
  const store = await testStore(t)
  const { proxy, pages } = await listed(t, store)
  const bobs = Array.from({ length: 2100 }, (_, at) =>
    job(at, 'bob', at % 420 === 7 ? 'failed' : at === 2050 ? 'running' : 'succeeded'))
  const [mine, first, last] = [job(4000, 'alice', 'lost'), job(1, 'carol', 'running'), job(2080, 'carol', 'succeeded')]
  await seed(store, [...bobs, mine, first, last])
  await writeListedUntil(store, ALL_JOBS)
  const count = async (owner: string | undefined, query = ''): Promise<[string[][], number]> => {
    const before = proxy.seen.length
    const found = await pages(owner, query)
    return [found, proxy.seen.length - before]
  }
  const only = (wanted: State): string[] => idsOf(bobs.filter(({ state }) => state === wanted))

  t.strictSame(await count('alice'), [[idsOf([mine])], 3], 'how far the lists reach, a list, and the tags of a record')
  t.strictSame(await count('alice'), [[idsOf([mine])], 2], 'how far they reach is known by now')
  t.strictSame(await count('alice', 'state=failed'), [[[]], 1])
  t.strictSame(await count('alice', 'state=running'), [[[]], 2])
  t.strictSame(await count('carol'), [[idsOf([first, last])], 4], 'and how far the running one is')
  t.strictSame(await count('carol', 'state=running'), [[idsOf([first])], 3], 'which is known for a while')
  for (const owner of ['bob', undefined]) t.strictSame(await count(owner, 'state=failed'), [[only('failed')], 6])
  t.strictSame(await count('bob', 'state=running'), [[only('running')], 5], 'markers, two pages of his jobs, tags, progress')
  t.strictSame((await pages(undefined, 'state=running'))[0], idsOf([first, ...bobs.filter(({ state }) => state === 'running')]))

  // Each page is full, and many jobs that lie close together do not need a request each, where a store sends tags.
  const some = await pages('bob', 'state=succeeded&limit=1000')
  t.strictSame(some.map(({ length }) => length), [1000, 1000, 94])
  t.strictSame(some.flat(), only('succeeded'))
  t.strictSame((await pages('bob', 'limit=700')).map(({ length }) => length), [700, 700, 700])
  t.strictSame((await pages('carol', 'limit=1')), [idsOf([first]), idsOf([last])])
})

await t.test('the record decides, and not the list that names it', async (t) => {
  const store = await testStore(t)
  const { pages } = await listed(t, store)
  const [right, other, going, unknown] = [1, 2, 3, 4].map((at) => job(at, 'alice', 'failed')) as [JobRecord, JobRecord, JobRecord, JobRecord]
  await seed(store, [right, other, going])
  await writeListedUntil(store, ALL_JOBS)
  // Processes crashed after they had put an entry and before they wrote the record.
  await putIntoLists(store, unknown)
  await putObject(store, stateListKey('lost', other.job_uuid), '', {}, 'unconditional')
  await putObject(store, ownerListKey('bob', 'failed', other.job_uuid), '', {}, 'unconditional')
  await putObject(store, ownerListKey('bob', 'any', other.job_uuid), '', {}, 'unconditional')
  await removeObject(store, `state/${going.job_uuid}.json`)
  t.strictSame((await pages(undefined, 'state=failed')), [idsOf([right, other])])
  t.strictSame((await pages('alice', 'state=failed&limit=1')).flat(), idsOf([right, other]))
  for (const query of ['', 'state=failed', 'state=lost']) t.strictSame((await pages('bob', query)).flat(), [])
  t.strictSame((await pages(undefined, 'state=lost')), [[]])
})

await t.test('jobs of an earlier version are listed, and pings put them into the lists, newest first', async (t) => {
  const store = await testStore(t)
  const old = Array.from({ length: 12 }, (_, at) => job(60 + at, at % 3 === 0 ? 'alice' : 'bob', at % 2 ? 'failed' : 'succeeded'))
  await seedRecords(store, old)
  const check = async (all: JobRecord[]): Promise<void> => {
    // A new process.
    const { pages } = await listed(t, store)
    for (const limit of [1, 2, 100]) {
      t.strictSame((await pages('alice', `limit=${limit}`)).flat(), idsOf(all.filter(({ owner }) => owner === 'alice')))
      t.strictSame(
        (await pages(undefined, `state=failed&limit=${limit}`)).flat(),
        idsOf(all.filter(({ state }) => state === 'failed'))
      )
    }
  }
  await check(old)
  const ping = async (at: number, jobs?: number): Promise<string> => {
    // Each ping is in a process of its own.
    await extendLists({ ...store }, new Date(at), jobs)
    return await readListedUntil({ ...store })
  }
  const first = await ping(now - 50 * MINUTE)
  await check(old)
  t.equal(await ping(now - 49 * MINUTE, 5), first, 'functions of the earlier version may still write records')
  const young = [job(30, 'alice', 'failed'), job(31, 'bob', 'succeeded')]
  await seed(store, young)
  const all = [...young, ...old]
  await check(all)
  let until = first
  for (let pings = 0; until !== ALL_JOBS && pings < 10; pings++) {
    const next = await ping(now + pings, 5)
    t.ok(next > until, 'the lists reach farther')
    until = next
    await check(all)
  }
  t.equal(until, ALL_JOBS)
  const { proxy } = await listed(t, store)
  const process = openStore({ ...store.settings, S3_ENDPOINT: proxy.url })
  for (let pings = 0; pings < 3; pings++) await extendLists(process)
  t.equal(proxy.seen.length, 1, 'a process asks once')
})
