import { setTimeout as sleep } from 'node:timers/promises'
import { stateKey } from './bucket-layout.ts'
import { type JobRecord, tagsOf } from './job-record.ts'
import { getObject, putObject, type Store } from './object-store.ts'
import { problem } from './problem.ts'

/** Enough for every function and a few pings to write the same record at once. */
const TRIES = 10

/** Creates the record; `false` when there is one already. */
export async function createRecord (store: Store, record: JobRecord): Promise<boolean> {
  const etag = await putObject(store, stateKey(record.job_uuid), JSON.stringify(record), tagsOf(record), { ifNoneMatch: '*' })
  return etag !== undefined
}

export async function readRecord (store: Store, id: string): Promise<{ record: JobRecord, etag: string } | undefined> {
  const found = await getObject(store, stateKey(id))
  return found && { record: parseRecord(id, found.body), etag: found.etag }
}

/**
 * Advances the record by compare-and-swap: `next` is asked again with the newest record as often as somebody else was faster,
 * so it must be a pure function of it; `undefined` means that nothing is to change.
 * Answers the record as it is then, or `undefined` when there is none.
 */
export async function advanceRecord (store: Store, id: string, next: (record: JobRecord) => JobRecord | undefined): Promise<JobRecord | undefined> {
  for (let tried = 1; tried <= TRIES; tried++) {
    const current = await readRecord(store, id)
    if (current === undefined) return undefined
    const advanced = next(current.record)
    if (advanced === undefined) return current.record
    const written = await putObject(store, stateKey(id), JSON.stringify(advanced), tagsOf(advanced), { ifMatch: current.etag })
    if (written !== undefined) return advanced
    await sleep(Math.random() * 20 * tried)
  }
  throw problem('store-unavailable', 'The record of the job is being changed too often', { job_uuid: id })
}

function parseRecord (id: string, body: Buffer): JobRecord {
  try {
    const record = JSON.parse(body.toString()) as JobRecord
    if (record.job_uuid !== id || !Number.isInteger(record.revision)) throw new Error('not a record of this job')
    return record
  } catch (cause) {
    throw problem('store-unavailable', 'The record of the job cannot be read', { job_uuid: id, cause: new Error(stateKey(id), { cause }) })
  }
}
