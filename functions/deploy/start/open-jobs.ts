import { problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { jobOfKey, MARKER_PREFIX, markerKey } from '../../../shared/store/bucket-layout.ts'
import { inBatches, listAll, putObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Writes the marker of a job, with the owner as a tag. So one listing is enough to count an owner's jobs. */
export async function putMarker (
  store: Store,
  { job_uuid: id, owner }: Pick<JobRecord, 'job_uuid' | 'owner'>
): Promise<void> {
  await putObject(store, markerKey(id), '', owner === undefined ? {} : { owner }, 'unconditional')
}

/**
 * Throws `too-many-jobs` when an owner has `most` jobs that have not ended. Concurrent requests can exceed the limit,
 * because each of them may see the last free place.
 */
export async function checkOpenJobs (store: Store, owner: string | undefined, most: number): Promise<void> {
  const marked: string[] = []
  for await (const { key, tags } of listAll(store, MARKER_PREFIX, { tags: true })) {
    if (tags['owner'] === owner) marked.push(jobOfKey(key))
  }
  if (marked.length < most) return
  // A job that has ended keeps its marker while work is left for it, for example an owed callback.
  const records = await inBatches(marked, async (id) => await readRecord(store, id))
  const open = records.filter((found) => found !== undefined && !isTerminal(found.record.state)).length
  if (open >= most) {
    throw problem(
      'too-many-jobs',
      `You have ${open} jobs that have not ended, and the limit is ${most}; send the request again when one has ended`,
      { headers: { 'retry-after': '60' } }
    )
  }
}
