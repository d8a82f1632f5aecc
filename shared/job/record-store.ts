import { setTimeout as sleep } from 'node:timers/promises'
import { problem } from '../http/problem.ts'
import { countedKey, expiryKey, markerKey, stateKey } from '../store/bucket-layout.ts'
import { getJson } from '../store/json-object.ts'
import { getObject, putObject, type PutCondition, removeObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'
import { type Listed, putIntoLists } from './lists/job-lists.ts'
import type { JobRecord } from './job-record.ts'
import { isTerminal } from './job-state.ts'
import { noteTransition } from './note-transition.ts'
import { tagsOf } from './lists/tags-of.ts'

/** Enough for every function and a few pings that write the same record at the same time. */
const TRIES = 10

/** A record, and its ETag in the store. */
export interface FoundRecord {
  record: JobRecord
  etag: string
}

/** Creates the record, and returns its ETag; `undefined` when it exists already. */
export async function createRecord (store: Store, record: JobRecord): Promise<string | undefined> {
  return await putObject(store, stateKey(record.job_uuid), JSON.stringify(record), tagsOf(record), {
    ifNoneMatch: '*'
  })
}

export async function readRecord (store: Store, id: string): Promise<FoundRecord | undefined> {
  const found = await getObject(store, stateKey(id))
  const record = found && parseRecord(id, found.body)
  return record && { record, etag: found.etag }
}

/** What takes the place of a record while its job is being removed. */
interface HiddenRecord extends Listed {
  hidden: true
  /** The claim that the removal still has to free. */
  idempotency?: string
}

/**
 * The first step of removing a job, and the only step that clients can see. It replaces the record by a placeholder
 * that no reader accepts as a record. So clients see no such job from now on, however long the other steps take.
 * `false` when the record has changed since it was read.
 */
export async function hideRecord (store: Store, { record, etag }: FoundRecord): Promise<boolean> {
  const { job_uuid: id, state, owner, idempotency } = record
  const hidden: HiddenRecord = {
    job_uuid: id,
    hidden: true,
    state,
    ...(owner !== undefined && { owner }),
    ...(idempotency !== undefined && { idempotency })
  }
  return await putObject(store, stateKey(id), JSON.stringify(hidden), {}, { ifMatch: etag }) !== undefined
}

/** What is known of a job that is being removed; `undefined` when there is none. */
export async function readHidden (store: Store, id: string): Promise<HiddenRecord | undefined> {
  const found = await getJson<HiddenRecord>(store, stateKey(id))
  return found?.hidden ? found : undefined
}

/**
 * Advances the record by compare-and-swap. When another process writes first, `next` is called again with the newest
 * record, so it must be a pure function of the record and its ETag. `next` returns `undefined` when nothing changes.
 * Returns the resulting record, or `undefined` when there is no record. A new `expires_at` is indexed before it is
 * written to the record, and so is an end. A record that is `known` is not read again before the first try: its ETag
 * tells whether it is still the newest.
 */
export async function advanceFound (
  store: Store,
  id: string,
  next: (record: JobRecord, etag: string) => JobRecord | undefined,
  known?: FoundRecord
): Promise<FoundRecord | undefined> {
  for (let tried = 1; tried <= TRIES; tried++) {
    const current = tried === 1 && known !== undefined ? known : await readRecord(store, id)
    if (current === undefined) return undefined
    const advanced = next(current.record, current.etag)
    if (advanced === undefined) return current
    await Promise.all([
      advanced.expires_at !== undefined && advanced.expires_at !== current.record.expires_at &&
        putObject(store, expiryKey(advanced.expires_at, id), '', {}, 'unconditional'),
      putIntoLists(store, advanced, current.record)
    ])
    const written = await putObject(store, stateKey(id), JSON.stringify(advanced), tagsOf(advanced), {
      ifMatch: current.etag
    })
    if (written !== undefined) {
      noteTransition(current.record, advanced)
      if (advanced.counted && isTerminal(advanced.state) && !isTerminal(current.record.state)) {
        // The end is written. If this fails, the next request of an owner at its limit repeats it.
        await removeObject(store, countedKey(advanced.owner, id)).catch(() => {})
      }
      return { record: advanced, etag: written }
    }
    await sleep(Math.random() * 20 * tried)
  }
  throw problem('store-unavailable', 'Too many requests are changing the record of the job at once; try again', {
    job_uuid: id
  })
}

/** `advanceFound`, for callers that need only the record. */
export async function advanceRecord (...change: Parameters<typeof advanceFound>): Promise<JobRecord | undefined> {
  return (await advanceFound(...change))?.record
}

/**
 * Writes the marker of a job that has only callbacks left, so that a ping checks nothing else of the job. With the
 * condition `ifNoneMatch: '*'`, an existing marker stays as it is.
 */
export async function noteOwing (store: Store, id: string, condition: PutCondition = 'unconditional'): Promise<void> {
  await putObject(store, markerKey(id), 'callbacks', {}, condition, 'text/plain')
}

function parseRecord (id: string, body: Buffer): JobRecord | undefined {
  try {
    const record = JSON.parse(body.toString()) as JobRecord & Partial<HiddenRecord>
    if (record.job_uuid === id && record.hidden) return undefined
    if (record.job_uuid !== id || !Number.isInteger(record.revision)) throw new Error('not a record of this job')
    return record
  } catch (cause) {
    throw problem('store-unavailable', 'The record of the job cannot be read', {
      job_uuid: id,
      cause: new Error(stateKey(id), { cause })
    })
  }
}
