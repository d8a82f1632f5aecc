import t from 'tap'
import { isProblem } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord, createRecord, hideRecord, readRecord } from '../../../shared/job/record-store.ts'
import { expiryKey, stateKey } from '../../../shared/store/bucket-layout.ts'
import { getTags, headObject, putObject, removeObject } from '../../../shared/store/object-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { faultProxy } from '../../support/fault-proxy.ts'
import { newRecord } from '../../support/new-record.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)

await t.test('a record is created once and read back whole, its state in its tags', async (t) => {
  const record = newRecord({ env: { NAME: 'größer als "7"', EMPTY: '' } })
  t.ok(await createRecord(store, record))
  t.notOk(await createRecord(store, { ...record, template: 'other' }))
  t.same((await readRecord(store, record.job_uuid))!.record, record)
  t.same(await getTags(store, stateKey(record.job_uuid)), { state: 'accepted', template: 'test' })
})

await t.test('of a job that is not there nothing is read and nothing made', async (t) => {
  const id = newJobId()
  t.equal(await readRecord(store, id), undefined)
  t.equal(await advanceRecord(store, id, (record) => ({ ...record, revision: 9 })), undefined)
  t.equal(await readRecord(store, id), undefined)
})

await t.test('body and tags advance together', async (t) => {
  const record = newRecord()
  await createRecord(store, record)
  const advanced = await advanceRecord(
    store,
    record.job_uuid,
    (current) => advance(current, { state: 'failed', reason: 'OOMKilled', exit_code: 137 }, new Date())
  )
  t.match(advanced, { state: 'failed', reason: 'OOMKilled', exit_code: 137, revision: 2 })
  t.same((await readRecord(store, record.job_uuid))!.record, advanced)
  t.same(await getTags(store, stateKey(record.job_uuid)), {
    state: 'failed',
    reason: 'OOMKilled',
    template: 'test',
    exit_code: '137',
    expires: advanced!.expires_at
  })
})

await t.test('the end of a retention is indexed before the record says so', async (t) => {
  const record = newRecord()
  const id = record.job_uuid
  await createRecord(store, record)
  const ended = await advanceRecord(
    store,
    id,
    (current) => ({ ...current, revision: 2, expires_at: '2026-12-22T00:00:00.000Z' })
  )
  t.ok(await headObject(store, expiryKey('2026-12-22T00:00:00.000Z', id)))
  t.equal(ended!.expires_at, '2026-12-22T00:00:00.000Z')
  // As if cut off in between: whatever comes of the record, there is its key.
  const proxy = await faultProxy(t)
  proxy.target = { url: store.settings.S3_ENDPOINT }
  proxy.fate = ({ method, path }) => method === 'PUT' && path.includes('/state/') ? 'break' : 'pass'
  const cutOff = openStore({ ...store.settings, S3_ENDPOINT: proxy.url })
  await t.rejects(
    advanceRecord(cutOff, id, (current) => ({ ...current, revision: 3, expires_at: '2026-12-23T00:00:00.000Z' }))
  )
  t.ok(await headObject(store, expiryKey('2026-12-23T00:00:00.000Z', id)))
  t.equal((await readRecord(store, id))!.record.expires_at, '2026-12-22T00:00:00.000Z')
})

await t.test('a record that is hidden is none to anybody, unless it has changed since', async (t) => {
  const record = newRecord()
  const id = record.job_uuid
  await createRecord(store, record)
  const { etag } = (await readRecord(store, id))!
  await advanceRecord(store, id, (current) => ({ ...current, revision: 2 }))
  t.equal(await hideRecord(store, id, etag), false)
  t.equal(await hideRecord(store, id, (await readRecord(store, id))!.etag), true)
  t.equal(await readRecord(store, id), undefined)
  t.equal(await advanceRecord(store, id, (current) => ({ ...current, revision: 3 })), undefined)
  t.same(await getTags(store, stateKey(id)), {}, 'nor is it in a list')
  t.equal(await createRecord(store, record), false, 'and no job can take its place')
})

await t.test('where nothing is to change nothing is written', async (t) => {
  const record = newRecord()
  await createRecord(store, record)
  const before = await readRecord(store, record.job_uuid)
  t.same(await advanceRecord(store, record.job_uuid, () => undefined), record)
  t.same(await readRecord(store, record.job_uuid), before)
})

await t.test('sixteen writers at once lose nothing', async (t) => {
  const patient = openStore(store.settings, 60_000)
  const record = newRecord()
  const id = record.job_uuid
  await createRecord(store, record)
  const increment = async (): Promise<void> => {
    try {
      await advanceRecord(
        patient,
        id,
        (current) => ({ ...current, revision: current.revision + 1, exit_code: current.revision + 1 })
      )
    } catch (error) {
      // So many never come at once to one job; whoever gives up is asked again, as an event or a caller would be.
      if (!isProblem(error, 'store-unavailable')) throw error
      await increment()
    }
  }
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let times = 0; times < 5; times++) await increment()
  }))
  t.equal((await readRecord(store, id))!.record.revision, 81)
  t.equal((await getTags(store, stateKey(id)))['exit_code'], '81', 'the tags are those of the last one')
})

await t.test('a record that is removed while it is advanced is not made again', async (t) => {
  const record = newRecord()
  const id = record.job_uuid
  await createRecord(store, record)
  let removed: Promise<void> | undefined
  const next = (current: JobRecord): JobRecord => ({ ...current, revision: current.revision + 1 })
  // Whichever is first, the removal or the write: in the end there is none.
  await advanceRecord(store, id, (current) => {
    removed ??= removeObject(store, stateKey(id))
    return next(current)
  })
  await removed
  t.equal(await advanceRecord(store, id, next), undefined)
})

await t.test('what is no record of the job is never taken for one', async (t) => {
  const id = newJobId()
  for (
    const body of [
      '',
      'hello',
      'null',
      '[]',
      '{}',
      JSON.stringify(newRecord()),
      JSON.stringify({ ...newRecord(), job_uuid: id, revision: 'x' })
    ]
  ) {
    await putObject(store, stateKey(id), body, {}, 'unconditional')
    for (
      const outcome of [
        await readRecord(store, id).catch((error) => error),
        await advanceRecord(store, id, () => undefined).catch((error) => error)
      ]
    ) {
      t.ok(isProblem(outcome, 'store-unavailable'), body)
      t.equal(outcome.problem.job_uuid, id)
    }
  }
})
