import { problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { jobOfKey, MARKER_PREFIX, markerKey } from '../../../shared/store/bucket-layout.ts'
import { inBatches, listAll, putObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** The marker says whose job it is, so that those of one owner are counted by a listing alone. */
export async function putMarker (
  store: Store,
  { job_uuid: id, owner }: Pick<JobRecord, 'job_uuid' | 'owner'>
): Promise<void> {
  await putObject(store, markerKey(id), '', owner === undefined ? {} : { owner }, 'unconditional')
}

/**
 * Throws `too-many-jobs` when an owner has `most` jobs that have not ended. Of several requests at once each may take
 * the last place.
 */
export async function checkOpenJobs (store: Store, owner: string | undefined, most: number): Promise<void> {
  const marked: string[] = []
  for await (const { key, tags } of listAll(store, MARKER_PREFIX, { tags: true })) {
    if (tags['owner'] === owner) marked.push(jobOfKey(key))
  }
  if (marked.length < most) return
  // A marker also stands as long as something is owed for a job that has ended.
  const records = await inBatches(marked, async (id) => await readRecord(store, id))
  const open = records.filter((found) => found !== undefined && !isTerminal(found.record.state)).length
  if (open >= most) {
    throw problem(
      'too-many-jobs',
      `${open} of your jobs have not ended, and you may have ${most}; ask again when one has`,
      { headers: { 'retry-after': '60' } }
    )
  }
}
