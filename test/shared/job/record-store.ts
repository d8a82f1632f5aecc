import t from 'tap'
import { isProblem } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord, createRecord, hideRecord, readRecord } from '../../../shared/job/record-store.ts'
import { expiryKey, ownerListKey, stateKey, stateListKey } from '../../../shared/store/bucket-layout.ts'
import { getTags, headObject, putObject, removeObject } from '../../../shared/store/object-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { faultProxy } from '../../support/fault-proxy.ts'
import { newRecord } from '../../support/new-record.ts'
import { storeProxy } from '../../support/store-proxy.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)

await t.test('a record is created once, read back unchanged, and has its state in its tags', async (t) => {
  const record = newRecord({ env: { NAME: 'größer als "7"', EMPTY: '' } })
  t.ok(await createRecord(store, record))
  t.notOk(await createRecord(store, { ...record, template: 'other' }))
  t.same((await readRecord(store, record.job_uuid))!.record, record)
  t.same(await getTags(store, stateKey(record.job_uuid)), { state: 'accepted', template: 'test' })
})

await t.test('reading or advancing an unknown job returns undefined and creates no record', async (t) => {
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

await t.test('the expiry key is written before the record has expires_at', async (t) => {
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
  // Simulates an interruption between the two writes: the expiry key exists, and the record is unchanged.
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

await t.test('a job is in the lists of its end before its record shows the end', async (t) => {
  const record = newRecord({ owner: 'alice' })
  const id = record.job_uuid
  await createRecord(store, record)
  const proxy = await faultProxy(t)
  proxy.target = { url: store.settings.S3_ENDPOINT }
  proxy.fate = ({ method, path }) => method === 'PUT' && path.includes('/state/') ? 'break' : 'pass'
  const cutOff = openStore({ ...store.settings, S3_ENDPOINT: proxy.url })
  const end = (current: JobRecord): JobRecord | undefined => advance(current, { state: 'failed' }, new Date())
  await t.rejects(advanceRecord(cutOff, id, end))
  const lists = [stateListKey('failed', id), ownerListKey('alice', 'failed', id)]
  for (const key of lists) t.ok(await headObject(store, key))
  t.equal((await readRecord(store, id))!.record.state, 'accepted')
  for (const key of lists) await removeObject(store, key)
  await advanceRecord(store, id, end)
  for (const key of lists) t.ok(await headObject(store, key))
  for (const key of lists) await removeObject(store, key)
  await advanceRecord(store, id, (current) => ({ ...current, revision: 9, expires_at: '2027-01-01T00:00:00.000Z' }))
  for (const key of lists) t.notOk(await headObject(store, key), 'a change after the end puts nothing')
})

await t.test('a hidden record cannot be read; a record that has changed since is not hidden', async (t) => {
  const record = newRecord()
  const id = record.job_uuid
  await createRecord(store, record)
  const old = (await readRecord(store, id))!
  await advanceRecord(store, id, (current) => ({ ...current, revision: 2 }))
  t.equal(await hideRecord(store, old), false)
  t.equal(await hideRecord(store, (await readRecord(store, id))!), true)
  t.equal(await readRecord(store, id), undefined)
  t.equal(await advanceRecord(store, id, (current) => ({ ...current, revision: 3 })), undefined)
  t.same(await getTags(store, stateKey(id)), {}, 'it has no tags, so it is in no list')
  t.equal(await createRecord(store, record), undefined, 'no record can be created in its place')
})

await t.test('advanceRecord writes nothing when there is no change', async (t) => {
  const record = newRecord()
  await createRecord(store, record)
  const before = await readRecord(store, record.job_uuid)
  t.same(await advanceRecord(store, record.job_uuid, () => undefined), record)
  t.same(await readRecord(store, record.job_uuid), before)
})

await t.test('a change is told the ETag of the record that it replaces', async (t) => {
  const record = newRecord()
  const id = record.job_uuid
  await createRecord(store, record)
  for (const revision of [1, 2]) {
    const { etag } = (await readRecord(store, id))!
    let told: unknown
    await advanceRecord(store, id, (current, itsEtag) => {
      told = { revision: current.revision, etag: itsEtag }
      return { ...current, revision: revision + 1 }
    })
    t.strictSame(told, { revision, etag })
  }
})

await t.test('a record that is known is not read again, unless it has changed', async (t) => {
  const proxy = await storeProxy(t)
  proxy.target = store.settings.S3_ENDPOINT
  const watched = openStore({ ...store.settings, S3_ENDPOINT: proxy.url })
  const record = newRecord()
  const id = record.job_uuid
  const next = (current: JobRecord): JobRecord => ({ ...current, revision: current.revision + 1 })
  const etag = await createRecord(watched, record)
  const known = { record, etag: etag! }
  t.match(await advanceRecord(watched, id, next, known), { revision: 2 })
  t.same(proxy.seen.map(({ method }) => method), ['PUT', 'PUT'])
  t.match(await advanceRecord(watched, id, next, known), { revision: 3 }, 'of what was written meanwhile nothing is lost')
  t.same(proxy.seen.map(({ method }) => method), ['PUT', 'PUT', 'PUT', 'GET', 'PUT'])
})

await t.test('sixteen concurrent writers lose no update', async (t) => {
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
      // In production there are never so many writers for one job. An event or a caller would repeat the request.
      if (!isProblem(error, 'store-unavailable')) throw error
      await increment()
    }
  }
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let times = 0; times < 5; times++) await increment()
  }))
  t.equal((await readRecord(store, id))!.record.revision, 81)
  t.equal((await getTags(store, stateKey(id)))['exit_code'], '81', 'the tags match the last write')
})

await t.test('a record that is removed while it is advanced is not created again', async (t) => {
  const record = newRecord()
  const id = record.job_uuid
  await createRecord(store, record)
  let removed: Promise<void> | undefined
  const next = (current: JobRecord): JobRecord => ({ ...current, revision: current.revision + 1 })
  // The removal and the write may come in any order: in the end there is no record.
  await advanceRecord(store, id, (current) => {
    removed ??= removeObject(store, stateKey(id))
    return next(current)
  })
  await removed
  t.equal(await advanceRecord(store, id, next), undefined)
})

await t.test('an object that is not a record of the job is a problem', async (t) => {
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
