import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createMultipart } from '../../../functions/result-upload/multipart/multipart.ts'
import { findOrphans, kinds } from '../../../knative/doctor/in-cluster/find-orphans.ts'
import { leftoverRows, orphanRows, removalRows } from '../../../knative/doctor/in-cluster/orphan-rows.ts'
import { removeOrphans } from '../../../knative/doctor/in-cluster/remove-orphans.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { createRecord, hideRecord, readRecord } from '../../../shared/job/record-store.ts'
import {
  DOCTOR_PREFIX,
  contentKey,
  countedKey,
  deadLetterKey,
  expiryKey,
  idempotencyKey,
  journalKey,
  journalPageKey,
  logKey,
  manifestKey,
  manifestPageKey,
  markerKey,
  multipartKey,
  ownerListKey,
  resultsPrefix,
  stateKey,
  stateListKey
} from '../../../shared/store/bucket-layout.ts'
import { putObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { keysOf } from '../../support/deploy-server.ts'
import { newRecord } from '../../support/new-record.ts'
import { testStore } from '../../support/store.ts'

const MINUTE = 60_000
const put = async (store: Store, key: string, body = 'x'): Promise<unknown> =>
  await putObject(store, key, body, {}, 'unconditional')
const ago = (minutes: number): Date => new Date(Date.now() - minutes * MINUTE)
const hex = (): string => (randomUUID() + randomUUID()).replaceAll('-', '')

/**
 * Writes objects of all kinds that a job can have in the bucket, but no record. Returns the number of objects of each
 * kind.
 */
async function belongings (store: Store, id: string): Promise<Partial<Record<typeof kinds[number], number>>> {
  const attempt = randomUUID()
  const begun = hex()
  const objects: Partial<Record<typeof kinds[number], Promise<unknown>[]>> = {
    markers: [put(store, markerKey(id), '')],
    'keys of open jobs': [put(store, countedKey('alice', id), '')],
    results: [put(store, contentKey(id, attempt, hex())), put(store, contentKey(id, randomUUID(), hex()))],
    'journals, manifests and notes of uploads': [
      put(store, journalKey(id, attempt), '{}'),
      put(store, journalPageKey(id, attempt, 0), '[]'),
      put(store, manifestKey(id, attempt), '{}'),
      put(store, manifestPageKey(id, attempt, 1), '[]'),
      put(
        store,
        multipartKey(id, attempt, begun),
        JSON.stringify({ sha256: begun, upload_id: await createMultipart(store, contentKey(id, attempt, begun)) })
      )
    ],
    logs: [put(store, logKey(id))],
    'entries of lists': [put(store, ownerListKey('alice', 'any', id)), put(store, stateListKey('failed', id))],
    'expiry keys': [put(store, expiryKey(ago(-600).toISOString(), id), '')],
    'idempotency keys': [put(store, idempotencyKey(hex()), JSON.stringify({ job_uuid: id, fingerprint: 'f' }))]
  }
  // It was interrupted before its note was written.
  await createMultipart(store, contentKey(id, attempt, hex()))
  await Promise.all(Object.values(objects).flat())
  return Object.fromEntries(Object.entries(objects).map(([kind, { length }]) => [kind, length]))
}

/** The number of unfinished uploads of each job. MinIO does not list them by the prefix of a job. */
async function uploadsOf (store: Store, ...ids: string[]): Promise<number[]> {
  const all = await listUploads(store, '')
  return ids.map((id) => all.filter(({ key }) => key.startsWith(resultsPrefix(id))).length)
}

async function job (store: Store, id: string, more: Partial<JobRecord> = {}): Promise<JobRecord> {
  const record = newRecord({ job_uuid: id, ...more })
  await createRecord(store, record)
  return record
}

async function hidden (store: Store, id: string): Promise<void> {
  await job(store, id, { state: 'succeeded' })
  await hideRecord(store, (await readRecord(store, id))!)
}

await t.test('objects without a record are found and removed; objects of jobs with a record, of young jobs and foreign objects stay', async (t) => {
  const store = await testStore(t)
  const [living, ended, young, foreign] = [newJobId(ago(300)), newJobId(ago(3000)), newJobId(ago(50)), 'not-ours']
  await job(store, living, { state: 'running' })
  await job(store, ended, { state: 'succeeded', history: [{ state: 'succeeded', at: ago(5).toISOString() }] })
  for (const id of [living, ended, young]) await belongings(store, id)
  await put(store, `${DOCTOR_PREFIX}${newJobId()}/1/new`)
  for (
    const key of [
      'results/x',
      `open/${foreign}`,
      'expiry/0',
      'idempotency/x.json',
      `elsewhere/${newJobId(ago(300))}`,
      'state/notes.txt'
    ]
  ) await put(store, key)
  // The ping may still be removing this job, because it was due only three minutes ago.
  const going = newJobId(ago(9000))
  await hidden(store, going)
  await belongings(store, going)
  await put(store, expiryKey(ago(3).toISOString(), going), '')
  const kept = await keysOf(store)
  const those = [living, ended, young, going]
  const uploads = await uploadsOf(store, ...those)

  const [lost, stuck, forgotten, doctor] = [
    newJobId(ago(61)),
    newJobId(ago(9000)),
    newJobId(ago(9000)),
    newJobId(ago(100))
  ]
  const one = await belongings(store, lost)
  await hidden(store, stuck)
  await put(store, contentKey(stuck, randomUUID(), hex()))
  await put(store, expiryKey(ago(90).toISOString(), stuck), '')
  await hidden(store, forgotten)
  await put(store, `${DOCTOR_PREFIX}${doctor}/1/new`)

  const found = await findOrphans(store, new Date())
  const count = Map.groupBy(found.orphans, ({ kind }) => kind)
  const { 'unfinished uploads': unfinished = 0, ...others } = Object.fromEntries(
    [...count].map(([kind, these]) => [kind, these.length])
  )
  t.strictSame(others, {
    ...one,
    results: one.results! + 1,
    'expiry keys': one['expiry keys']! + 1,
    'test objects of the doctor': 1,
    'records being removed': 2
  })
  t.equal(unfinished, 2, 'also the upload without a note')
  t.strictSame([...new Set(found.orphans.map(({ job }) => job))].sort(), [lost, stuck, forgotten, doctor].sort())
  t.strictSame(
    orphanRows(found).map(({ check, verdict, mend }) => [check, verdict, mend]),
    kinds.filter((kind) => count.has(kind)).map((kind) => [`orphans: ${kind}`, 'degraded', 'make doctor FIX=1'])
  )
  t.strictSame([living, ended, young, going, lost, newJobId()].map(found.isKnown), [
    true,
    true,
    false,
    false,
    false,
    false
  ])

  const outcome = await removeOrphans(store, found.orphans)
  t.strictSame(await keysOf(store), kept)
  t.strictSame(await uploadsOf(store, lost, ...those), [0, ...uploads])
  t.strictSame(removalRows(outcome).map(({ verdict }) => verdict), [...count].map(() => 'works'))
  t.strictSame(orphanRows(await findOrphans(store, new Date())).map(({ verdict }) => verdict), ['works'])
})

await t.test('a job that gets its record later keeps all its objects', async (t) => {
  const store = await testStore(t)
  const id = newJobId(ago(300))
  await belongings(store, id)
  const { orphans } = await findOrphans(store, new Date())
  await job(store, id)
  const before = [await keysOf(store), await uploadsOf(store, id)]
  t.strictSame(await removeOrphans(store, orphans), { removed: [], failed: new Map() })
  t.strictSame([await keysOf(store), await uploadsOf(store, id)], before)
})

await t.test('an orphan that cannot be removed is reported, and the other orphans are removed', async (t) => {
  const store = await testStore(t)
  const [broken, fine] = [newJobId(ago(300)), newJobId(ago(300))]
  await put(store, multipartKey(broken, randomUUID(), hex()), 'no note')
  await put(store, logKey(fine))
  const rows = removalRows(await removeOrphans(store, (await findOrphans(store, new Date())).orphans))
  t.match(rows, [{ check: 'orphans: logs', verdict: 'works' }, { verdict: 'broken', seen: new RegExp(broken) }])
  t.equal((await keysOf(store)).length, 1)
})

await t.test('old markers, unreadable records and dead letters are reported and not removed', async (t) => {
  const store = await testStore(t)
  const [overdue, unreadable] = [newJobId(ago(300)), newJobId(ago(300))]
  await job(store, overdue, { state: 'failed', history: [{ state: 'failed', at: ago(61).toISOString() }] })
  await put(store, markerKey(overdue), '')
  await put(store, stateKey(unreadable), 'hello')
  await put(store, logKey(unreadable))
  for (const at of [ago(3000), ago(30)]) await put(store, deadLetterKey(at.toISOString(), hex()), '{}')
  const found = await findOrphans(store, new Date())
  t.match(found, { orphans: [], overdue: [overdue], unreadable: [unreadable], jobs: 2 })
  t.match(leftoverRows(found, new Date()), [
    { check: 'ended jobs', verdict: 'degraded', seen: new RegExp(overdue) },
    { check: 'records', verdict: 'broken', seen: new RegExp(unreadable) },
    { check: 'dead letters', verdict: 'degraded', seen: /^1 events .* 2 in total/ }
  ])
  t.match(leftoverRows({ overdue: [], unreadable: [], deadLetters: [ago(3000).toISOString()] }, new Date()), [{
    check: 'dead letters',
    verdict: 'works'
  }])
})
