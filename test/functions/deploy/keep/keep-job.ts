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

// One parent test for all: with a teardown at the root, tap would end in the first pause, before the next file of the
// folder begins.
await t.test('the retention of a job', async (t) => {
  const store = await testStore(t)
  // Kubernetes is not needed.
  const { keep } = await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })

  const DAY = 86_400_000
  const inDays = (days: number): string => new Date(Date.now() + days * DAY).toISOString()

  async function endedJob (expiresAt: string): Promise<string> {
    const record = newRecord({ state: 'succeeded', finished_at: new Date().toISOString(), expires_at: expiresAt })
    await createRecord(store, record)
    return record.job_uuid
  }

  await t.test('a job is kept longer, and a repeated request changes nothing', async (t) => {
    const id = await endedJob(inDays(1))
    const later = inDays(10)
    // The same time with another offset.
    const eastern = new Date(Date.parse(later) + 3600_000).toISOString().replace('Z', '+01:00')
    for (const written of [later, eastern, later.toLowerCase()]) {
      const response = await keep(id, { expires_at: written })
      t.equal(response.status, 200)
      t.match(await response.json(), { job_uuid: id, state: 'succeeded', expires_at: later })
      t.match((await readRecord(store, id))!.record, { revision: 2, expires_at: later })
    }
    t.ok(await headObject(store, expiryKey(later, id)), 'the expiry key for the ping exists')
  })

  await t.test('an expired job that is not removed yet can be kept', async (t) => {
    const id = await endedJob(inDays(-1))
    t.equal((await keep(id, { expires_at: inDays(1) })).status, 200)
  })

  await t.test('an earlier, too late or invalid time is refused', async (t) => {
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
    t.equal((await keep(id, { expires_at: inDays(365) })).status, 200, 'a year is allowed')
  })

  await t.test('a job that has not ended is refused', async (t) => {
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

  await t.test('a removed or unknown job gets a 404', async (t) => {
    const gone = await endedJob(inDays(-1))
    await hideRecord(store, (await readRecord(store, gone))!)
    for (const id of [gone, newJobId()]) {
      await problemAbout(t, await keep(id, { expires_at: inDays(1) }), 'id', 404, 'unknown-job')
    }
    await problemAbout(t, await keep('x', { expires_at: inDays(1) }), 'id')
  })

  await t.test('of concurrent requests the latest time stays', async (t) => {
    const id = await endedJob(inDays(1))
    const times = [2, 3, 4, 5].map(inDays)
    const statuses = await Promise.all(times.map(async (time) => (await keep(id, { expires_at: time })).status))
    t.ok(statuses.every((status) => status === 200 || status === 400))
    t.equal(statuses.at(-1), 200)
    t.equal((await readRecord(store, id))!.record.expires_at, times.at(-1))
  })
})
