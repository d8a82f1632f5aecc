import t from 'tap'
import { newJobId } from '../../../../shared/job/job-id.ts'
import { states } from '../../../../shared/job/job-state.ts'
import { createRecord, hideRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { expiryKey } from '../../../../shared/store/bucket-layout.ts'
import { headObject } from '../../../../shared/store/object-store.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { deployWith } from '../../../support/deploy-server.ts'
import { newRecord } from '../../../support/new-record.ts'
import { problemAbout } from '../../../support/problem-of.ts'
import { testStore } from '../../../support/store.ts'

// One test around all: a teardown of the root lets tap end it in the first pause after, before the next file of the
// folder has begun.
await t.test('a job is kept longer', async (t) => {
  const store = await testStore(t)
  // Kubernetes has no part in it.
  const { keep } = await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })

  const DAY = 86_400_000
  const inDays = (days: number): string => new Date(Date.now() + days * DAY).toISOString()

  async function endedJob (expiresAt: string): Promise<string> {
    const record = newRecord({ state: 'succeeded', finished_at: new Date().toISOString(), expires_at: expiresAt })
    await createRecord(store, record)
    return record.job_uuid
  }

  await t.test('a job is kept longer, and the same again changes nothing', async (t) => {
    const id = await endedJob(inDays(1))
    const later = inDays(10)
    // The same time as somebody east of here writes it.
    const eastern = new Date(Date.parse(later) + 3600_000).toISOString().replace('Z', '+01:00')
    for (const written of [later, eastern, later.toLowerCase()]) {
      const response = await keep(id, { expires_at: written })
      t.equal(response.status, 200)
      t.match(await response.json(), { job_uuid: id, state: 'succeeded', expires_at: later })
      t.match((await readRecord(store, id))!.record, { revision: 2, expires_at: later })
    }
    t.ok(await headObject(store, expiryKey(later, id)), 'the ping will find it then')
  })

  await t.test('one that is overdue and still there is kept too', async (t) => {
    const id = await endedJob(inDays(-1))
    t.equal((await keep(id, { expires_at: inDays(1) })).status, 200)
  })

  await t.test('not shorter, not for ever, and not until whenever', async (t) => {
    const id = await endedJob(inDays(10))
    const before = await readRecord(store, id)
    for (
      const wrong of [
        inDays(9),
        inDays(-1),
        inDays(367),
        '9999-12-31T23:59:59Z',
        '2026-12-31T23:59:60Z',
        '2026-12-31',
        'tomorrow',
        '',
        1798675200,
        null,
        { $date: 1 }
      ]
    ) {
      await problemAbout(t, await keep(id, { expires_at: wrong }), 'expires_at')
    }
    await problemAbout(t, await keep(id, {}), 'expires_at')
    await problemAbout(t, await keep(id, { expires_at: inDays(11), state: 'running' }), 'state')
    await problemAbout(t, await keep(id, []), 'body')
    t.same(await readRecord(store, id), before)
    t.equal((await keep(id, { expires_at: inDays(365) })).status, 200, 'up to a year')
  })

  await t.test('only a job that has ended expires', async (t) => {
    for (const state of states.slice(0, 3)) {
      const record = newRecord({ state })
      await createRecord(store, record)
      const { job_uuid: id } = await problemAbout(
        t,
        await keep(record.job_uuid, { expires_at: inDays(1) }),
        'expires_at',
        409,
        'job-not-ended'
      )
      t.equal(id, record.job_uuid)
    }
  })

  await t.test('a job that is not there, any more or at all', async (t) => {
    const gone = await endedJob(inDays(-1))
    await hideRecord(store, gone, (await readRecord(store, gone))!.etag)
    for (const id of [gone, newJobId()]) {
      await problemAbout(t, await keep(id, { expires_at: inDays(1) }), 'id', 404, 'unknown-job')
    }
    await problemAbout(t, await keep('x', { expires_at: inDays(1) }), 'id')
  })

  await t.test('of many at once the latest stays', async (t) => {
    const id = await endedJob(inDays(1))
    const times = [2, 3, 4, 5].map(inDays)
    const statuses = await Promise.all(times.map(async (time) => (await keep(id, { expires_at: time })).status))
    t.ok(statuses.every((status) => status === 200 || status === 400))
    t.equal(statuses.at(-1), 200)
    t.equal((await readRecord(store, id))!.record.expires_at, times.at(-1))
  })
})
