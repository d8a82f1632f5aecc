import { createdAt, isJobId } from '../../../shared/job/job-id.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import * as layout from '../../../shared/store/bucket-layout.ts'
import { getObject, inBatches, listAll, type StoredObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { isOld } from '../is-old.ts'

/** In the order of removal. Objects that lead to other objects of their job are last. */
export const kinds = [
  'idempotency keys',
  'markers',
  'keys of open jobs',
  'unfinished uploads',
  'results',
  'journals, manifests and notes of uploads',
  'logs',
  'entries of lists',
  'test objects of the doctor',
  'records being removed',
  'expiry keys'
] as const
type Kind = typeof kinds[number]

/** An object in the store whose job has no record. Without the doctor it would stay for ever. */
export interface Orphan {
  kind: Kind
  job: string
  key: string
  uploadId?: string
}

export interface Findings {
  orphans: Orphan[]
  /** Jobs that ended more than an hour ago and still have a marker: something is still owed. */
  overdue: string[]
  /** Jobs whose record cannot be read. */
  unreadable: string[]
  /** Times of the events that could not be delivered, oldest first. */
  deadLetters: string[]
  jobs: number
  objects: number
  /** Whether there is a record of the job, readable or not. */
  isKnown: (id: string) => boolean
}

const prefixes: [string, Kind][] = [
  [layout.RESULTS_PREFIX, 'results'],
  [layout.UPLOADS_PREFIX, 'journals, manifests and notes of uploads'],
  [layout.LOGS_PREFIX, 'logs'],
  [layout.COUNTED_PREFIX, 'keys of open jobs'],
  [layout.LISTS_PREFIX, 'entries of lists'],
  [layout.DOCTOR_PREFIX, 'test objects of the doctor']
]

/**
 * In bytes. A placeholder for a record has the ids of its job and its owner and little more. A larger object is
 * certainly a record, so it need not be read.
 */
const LARGEST_STAND_IN = 500

/** Looks through the whole bucket. It ignores unknown keys and jobs that are younger than an hour. */
export async function findOrphans (store: Store, now: Date): Promise<Findings> {
  const known = new Set<string>()
  const hidden = new Set<string>()
  const found: Findings = {
    orphans: [],
    overdue: [],
    unreadable: [],
    deadLetters: [],
    jobs: 0,
    objects: 0,
    isKnown: (id) => known.has(id)
  }
  const isLost = (id: string): boolean => !known.has(id) && !hidden.has(id) && isOld(createdAt(id), now)
  const add = (kind: Kind, job: string, key: string): void => {
    if (isLost(job)) found.orphans.push({ kind, job, key })
  }

  // The records are listed first, so that a job that comes later is too young to be an orphan.
  const records: StoredObject[] = []
  for await (const object of counted(layout.STATE_PREFIX)) if (jobIn(object.key) !== undefined) records.push(object)
  found.jobs = records.length
  await inBatches(records, async ({ key, size }) => {
    const id = jobIn(key)!
    const isStandIn = size <= LARGEST_STAND_IN &&
      await readRecord(store, id).then((record) => record === undefined, () => {
        found.unreadable.push(id)
      })
    if (isStandIn) hidden.add(id)
    else known.add(id)
  })

  // The ping removes expired jobs, a job with many files in several pings. If a removal has been due for more than an
  // hour, the ping has failed to finish it.
  const due = new Map<string, string>()
  const expiries: string[] = []
  for await (const { key } of counted(layout.EXPIRY_PREFIX)) {
    const id = jobIn(key)
    if (id === undefined) continue
    expiries.push(key)
    if (!due.has(id)) due.set(id, key.split('/')[1]!)
  }
  for (const id of [...hidden]) {
    const at = due.get(id)
    if (!isOld(createdAt(id), now) || (at !== undefined && !isOld(new Date(at), now))) continue
    hidden.delete(id)
    add('records being removed', id, layout.stateKey(id))
  }
  for (const key of expiries) add('expiry keys', jobIn(key)!, key)

  for await (const { key } of counted(layout.MARKER_PREFIX)) {
    const id = jobIn(key)
    if (id === undefined) continue
    add('markers', id, key)
    if (known.has(id) && await endedLongAgo(store, id, now)) found.overdue.push(id)
  }
  for (const [prefix, kind] of prefixes) {
    for await (const { key } of counted(prefix)) {
      const id = jobIn(key)
      if (id !== undefined) add(kind, id, key)
    }
  }
  const claims: string[] = []
  for await (const { key } of counted(layout.IDEMPOTENCY_PREFIX)) claims.push(key)
  await inBatches(claims, async (key) => {
    const id = await holderOf(store, key)
    if (id !== undefined) add('idempotency keys', id, key)
  })
  for (const { key, uploadId } of await listUploads(store, '')) {
    const id = jobIn(key)
    if (id !== undefined && isLost(id)) found.orphans.push({ kind: 'unfinished uploads', job: id, key, uploadId })
  }
  for await (const { key } of counted(layout.DEAD_LETTER_PREFIX)) {
    found.deadLetters.push(/\/(.{24})-/.exec(key)?.[1] ?? '')
  }
  return found

  async function * counted (prefix: string): AsyncGenerator<StoredObject> {
    for await (const object of listAll(store, prefix, { tags: false })) {
      found.objects += 1
      yield object
    }
  }
}

/** The job that a key belongs to; `undefined` for an unknown key. The first id counts: an attempt has one, too. */
function jobIn (key: string): string | undefined {
  return key.split('/').map((part) => part.replace(/\.(json|txt)$/, '')).find(isJobId)
}

async function endedLongAgo (store: Store, id: string, now: Date): Promise<boolean> {
  const found = await readRecord(store, id).catch(() => undefined)
  const ended = found?.record.history.at(-1)
  return ended !== undefined && isTerminal(ended.state) && isOld(new Date(ended.at), now)
}

/** The job of an idempotency key; `undefined` when the key does not exist or its content is invalid. */
async function holderOf (store: Store, key: string): Promise<string | undefined> {
  const found = await getObject(store, key)
  try {
    const { job_uuid: id } = JSON.parse(found?.body.toString() ?? '{}') as { job_uuid?: string }
    return id !== undefined && isJobId(id) ? id : undefined
  } catch {
    return undefined
  }
}
