import { ANY_STATE, ownerListKey, stateListKey } from '../../store/bucket-layout.ts'
import { inBatches, putObject } from '../../store/object-store.ts'
import type { Store } from '../../store/open-store.ts'
import type { JobRecord } from '../job-record.ts'
import { isTerminal } from '../job-state.ts'

/** What decides in which lists a job is. */
export type Listed = Pick<JobRecord, 'job_uuid' | 'state' | 'owner'>

/**
 * The keys of a job in the lists by owner, by terminal state, and by both. They are put before the record is written.
 * So a list may name a job that has no record, or another state; it never lacks one. The record is the truth.
 */
export function listKeysOf ({ job_uuid: id, owner, state }: Listed): string[] {
  const keys = owner === undefined ? [] : [ownerListKey(owner, ANY_STATE, id)]
  if (!isTerminal(state)) return keys
  return [...keys, stateListKey(state, id), ...owner === undefined ? [] : [ownerListKey(owner, state, id)]]
}

/** Puts a job into the lists. `before` is the job as it is in the lists already. */
export async function putIntoLists (store: Store, job: Listed, before?: Listed): Promise<void> {
  const known = before === undefined ? [] : listKeysOf(before)
  const added = listKeysOf(job).filter((key) => !known.includes(key))
  await inBatches(added, async (key) => await putObject(store, key, '', {}, 'unconditional'))
}
