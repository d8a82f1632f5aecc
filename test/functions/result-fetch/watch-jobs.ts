import t, { type Test } from 'tap'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { State } from '../../../shared/job/job-state.ts'
import { advanceRecord, hideRecord, readRecord } from '../../../shared/job/record-store.ts'
import { openStore, type Store } from '../../../shared/store/open-store.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { newRecord } from '../../support/new-record.ts'
import { poll } from '../../support/poll.ts'
import { problemOf } from '../../support/problem-of.ts'
import { seedRecords } from '../../support/seed-records.ts'
import { storeProxy } from '../../support/store-proxy.ts'
import { testStore } from '../../support/store.ts'

const first = Date.parse('2026-11-22T12:00:00.000Z')
const idAt = (index: number): string => newJobId(new Date(first + index))

/** result-fetch, whose requests to the store can be counted. */
async function watched (t: Test, store: Awaited<ReturnType<typeof testStore>>) {
  const proxy = await storeProxy(t)
  proxy.target = store.settings.S3_ENDPOINT
  const { url, close } = await fetchServer(t, openStore({ ...store.settings, S3_ENDPOINT: proxy.url }))
  return {
    proxy,
    close,
    async wait (id: string, seconds: number, headers: Record<string, string> = {}, signal?: AbortSignal) {
      return await fetch(`${url}/job/${id}`, {
        headers: { prefer: `wait=${seconds}`, ...headers },
        ...(signal && { signal })
      })
    },
    /** Resolves when so many requests have begun to wait: each has read its record once. */
    async begun (count: number): Promise<void> {
      await poll('all requests wait', () => proxy.seen.length >= count)
    }
  }
}

async function end (store: Store, id: string, state: State = 'succeeded'): Promise<void> {
  await advanceRecord(store, id, (record) => advance(record, { state }, new Date()))
}

await t.test('requests that wait for one job share the reads of its record', async (t) => {
  const store = await testStore(t)
  const { proxy, wait, begun } = await watched(t, store)
  const id = idAt(0)
  await seedRecords(store, [newRecord({ job_uuid: id, state: 'running' })])
  const all = async (seconds: number): Promise<Response[]> =>
    await Promise.all(Array.from({ length: 200 }, async () => await wait(id, seconds)))
  for (const answer of await all(2)) t.match(await answer.json(), { state: 'running' })
  // Each request reads the record once. After that there are two reads a second, however many requests wait.
  t.ok(proxy.seen.length <= 300, `${proxy.seen.length} requests`)
  const before = proxy.seen.length
  const answers = all(50)
  await begun(before + 200)
  const late = wait(id, 50)
  await begun(before + 202)
  await end(store, id, 'failed')
  for (const answer of [...await answers, await late]) t.match(await answer.json(), { state: 'failed' })
})

await t.test('for many jobs, one listing tells which of them have changed', async (t) => {
  const store = await testStore(t)
  const { proxy, wait, begun } = await watched(t, store)
  // Other jobs lie between them.
  const ids = Array.from({ length: 400 }, (_, index) => idAt(index))
  await seedRecords(store, ids.map((id) => newRecord({ job_uuid: id, state: 'running' })))
  const mine = ids.filter((_, index) => index % 2 === 0)
  const all = (seconds: number) =>
    mine.map(async (id) => await (await wait(id, seconds)).json() as { job_uuid: string, state: string })
  for (const answer of await Promise.all(all(2))) t.match(answer, { state: 'running' })
  t.ok(proxy.seen.length <= 300, `${proxy.seen.length} requests`)
  const before = proxy.seen.length
  const answers = all(50)
  await begun(before + 200)
  const some = [0, 1, 57, 199]
  for (const index of some) await end(store, mine[index]!)
  for (const index of some) t.match(await answers[index], { job_uuid: mine[index], state: 'succeeded' })
  t.equal(await Promise.race([answers[2], 'waits']), 'waits')
  await Promise.all(mine.map(async (id) => await end(store, id)))
  for (const [index, answer] of answers.entries()) t.match(await answer, { job_uuid: mine[index], state: 'succeeded' })
})

await t.test('jobs are watched also when more records than one listing has lie between them', async (t) => {
  const store = await testStore(t)
  const { wait, begun } = await watched(t, store)
  const ids = Array.from({ length: 2400 }, (_, index) => idAt(index))
  await seedRecords(store, ids.map((id) => newRecord({ job_uuid: id, state: 'running' })))
  const mine = ids.filter((_, index) => index % 100 === 0)
  const answers = mine.map(async (id) => await (await wait(id, 50)).json())
  await begun(mine.length)
  for (const id of mine) await end(store, id)
  for (const [index, answer] of answers.entries()) t.match(await answer, { job_uuid: mine[index], state: 'succeeded' })
})

await t.test('each request has its own conditions, and ends alone', async (t) => {
  const store = await testStore(t)
  const { wait, begun } = await watched(t, store)
  const id = idAt(0)
  await seedRecords(store, [newRecord({ job_uuid: id, state: 'pending' })])
  const hangingUp = new AbortController()
  const etag = (await wait(id, 0)).headers.get('etag')!
  const [anyChange, theEnd, gone] = [
    wait(id, 50, { 'if-none-match': etag }),
    wait(id, 50),
    wait(id, 50, {}, hangingUp.signal).catch((error: Error) => error.name)
  ]
  await begun(4)
  hangingUp.abort()
  t.equal(await gone, 'AbortError')
  t.match(await (await wait(id, 1)).json(), { state: 'pending' }, 'a request whose time is over')
  await end(store, id, 'running')
  t.match(await (await anyChange).json(), { state: 'running' })
  await end(store, id, 'failed')
  t.match(await (await theEnd).json(), { state: 'failed' })
})

await t.test('all requests are told that a job was removed, or that the store failed', async (t) => {
  const store = await testStore(t)
  const { proxy, wait, begun } = await watched(t, store)
  for (const count of [1, 30]) {
    const ids = Array.from({ length: count }, (_, index) => idAt(count * 100 + index))
    await seedRecords(store, ids.map((id) => newRecord({ job_uuid: id, state: 'running' })))
    const waitForAll = async (): Promise<Promise<Response>[]> => {
      const before = proxy.seen.length
      const answers = [...ids, ids[0]!].map(async (id) => await wait(id, 50))
      await begun(before + answers.length)
      return answers
    }
    const failing = await waitForAll()
    proxy.fault = () => (_request, response) => response.writeHead(503).end()
    for (const answer of failing) await problemOf(t, await answer, 503, 'store-unavailable')
    proxy.fault = () => undefined
    const removed = await waitForAll()
    for (const id of ids) await hideRecord(store, (await readRecord(store, id))!)
    for (const answer of removed) await problemOf(t, await answer, 404, 'unknown-job')
  }
})
