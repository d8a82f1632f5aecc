import type { Static } from 'typebox'
import { createdAt, isJobId } from '../../shared/job/job-id.ts'
import type { State } from '../../shared/job/job-state.ts'
import { linksOf, type ListedJob } from '../../shared/job/job-view.ts'
import { jobOfKey, STATE_PREFIX, stateKey } from '../../shared/store/bucket-layout.ts'
import { listObjects, type Tags } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

export interface JobQuery {
  state?: State
  template?: string
  /** `undefined` for the jobs of all owners. */
  owner?: string | undefined
  limit: number
  /** The id of any job. The caller may be unable to see that job: the id reveals only a time. */
  cursor?: string
}
export interface JobPage {
  jobs: Static<typeof ListedJob>[]
  next_cursor: string | null
}

/**
 * The approximate number of jobs that one request examines at most, when a filter drops most of them. A page may then
 * be short although there is a next page.
 */
const LOOKED_AT = 2000

/** Lists jobs, newest first. Ids begin with the inverted time, so the order of the keys is the order of the list. */
export async function listJobs (store: Store, { state, template, owner, limit, cursor }: JobQuery): Promise<JobPage> {
  const filtered = state !== undefined || template !== undefined || owner !== undefined
  const jobs: JobPage['jobs'] = []
  let after = cursor === undefined ? undefined : stateKey(cursor)
  let page: string | undefined
  for (let looked = 0; looked < LOOKED_AT;) {
    const { objects, next } = await listObjects(store, {
      prefix: STATE_PREFIX,
      after,
      cursor: page,
      limit: filtered ? 1000 : limit,
      tags: true
    })
    for (const { key, tags } of objects) {
      after = key
      const job = listedJob(jobOfKey(key), tags)
      if (
        job === undefined || (state ?? job.state) !== job.state || (template ?? job.template) !== job.template ||
        (owner ?? job.owner) !== job.owner
      ) continue
      jobs.push(job)
      if (jobs.length === limit) {
        const isLast = next === undefined && key === objects.at(-1)?.key
        return { jobs, next_cursor: isLast ? null : jobOfKey(key) }
      }
    }
    if (next === undefined) return { jobs, next_cursor: null }
    page = next
    looked += objects.length
  }
  return { jobs, next_cursor: after === undefined ? null : jobOfKey(after) }
}

/** A job from its tags alone; `undefined` if the object is not a record, or was removed during the listing. */
function listedJob (id: string, tags: Tags): Static<typeof ListedJob> | undefined {
  if (!isJobId(id) || tags['state'] === undefined) return undefined
  return {
    job_uuid: id,
    state: tags['state'] as State,
    reason: tags['reason'] ?? null,
    template: tags['template'] ?? '',
    owner: tags['owner'] ?? null,
    created_at: createdAt(id).toISOString(),
    started_at: tags['started'] ?? null,
    finished_at: tags['finished'] ?? null,
    exit_code: tags['exit_code'] === undefined ? null : Number(tags['exit_code']),
    expires_at: tags['expires'] ?? null,
    callback: tags['callback'] ?? null,
    links: linksOf(id)
  }
}
