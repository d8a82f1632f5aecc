import t from 'tap'
import type { Scope } from '../../../shared/access/caller.ts'
import { advance } from '../../../shared/job/advance.ts'
import { advanceRecord, createRecord, hideRecord, readRecord } from '../../../shared/job/record-store.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { newRecord } from '../../support/new-record.ts'
import { problemOf } from '../../support/problem-of.ts'
import { readEvents } from '../../support/read-events.ts'
import { watchedPlace } from '../../support/watched-place.ts'
import { watchServer } from '../../support/watch-server.ts'

await t.test('streams of events', async (t) => {
  const { store, counted, proxy } = await watchedPlace(t)
  const cluster = clusterAt(t, await closedUrl())

  await t.test('200 streams of one job read it about twice a second, and each gets its end', async (t) => {
    const watch = await watchServer(t, { store: counted, cluster })
    const record = newRecord({ state: 'running', attempt: '11111111-1111-4111-8111-111111111111' })
    await createRecord(store, record)
    const { job_uuid: id } = record
    const streams = await Promise.all(Array.from({ length: 200 }, async () => readEvents(await watch.open(id))))
    for (const stream of streams) t.match((await stream.next()).value, { event: 'state', data: { state: 'running' } })
    const before = proxy.seen.length
    const begun = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 4000))
    const seconds = (performance.now() - begun) / 1000
    const reads = proxy.seen.length - before
    t.ok(reads <= 2 * seconds + 4, `${reads} reads in ${seconds} s`)
    await advanceRecord(store, id, (one) => advance(one, { state: 'failed' }, new Date()))
    for (const stream of streams) {
      t.match((await Array.fromAsync(stream)).map(({ event, data }) => [event, data.state]), [['state', 'failed'], ['end', 'failed']])
    }
  })

  await t.test('a stream of a job that is removed ends', async (t) => {
    const watch = await watchServer(t, { store, cluster })
    const record = newRecord({ state: 'pending' })
    await createRecord(store, record)
    const stream = readEvents(await watch.open(record.job_uuid, '?log=1'))
    t.match((await stream.next()).value, { event: 'state' })
    await hideRecord(store, (await readRecord(store, record.job_uuid))!)
    t.strictSame(await Array.fromAsync(stream), [])
    await problemOf(t, await watch.open(record.job_uuid), 404, 'unknown-job')
  })

  await t.test('the jobs of others are unknown, and wrong requests are refused before a stream begins', async (t) => {
    const keys = apiKeyFolder(t)
    const as = (owner: string, scope: Scope) => ({ headers: { authorization: `Bearer ${keys.add(owner, scope)}` } })
    const watch = await watchServer(t, { store, cluster }, keys.settings)
    const record = newRecord({ state: 'failed', owner: 'alice', started_at: '2026-11-22T12:00:00.000Z' })
    await createRecord(store, record)
    for (const path of ['events', 'log']) {
      const url = `${watch.url}/job/${record.job_uuid}/${path}`
      await problemOf(t, await fetch(url), 401, 'unauthorized')
      await problemOf(t, await fetch(url, as('bob', 'jobs:read')), 404, 'unknown-job')
      await problemOf(t, await fetch(url, as('carol', 'jobs:write')), 403, 'forbidden')
      await problemOf(t, await fetch(`${url}?tail=x`, as('alice', 'jobs:read')), 400, 'invalid-request')
      await problemOf(t, await fetch(`${url}?what=1`, as('alice', 'jobs:read')), 400, 'invalid-request')
    }
  })
})
