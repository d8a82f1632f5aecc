import type { Static } from 'typebox'
import { createdAt, isJobId, justAfter } from '../../shared/job/job-id.ts'
import type { State } from '../../shared/job/job-state.ts'
import { linksOf, type ListedJob } from '../../shared/job/job-view.ts'
import { ALL_JOBS, readListedUntil } from '../../shared/job/lists/listed-until.ts'
import { jobOfKey, STATE_PREFIX } from '../../shared/store/bucket-layout.ts'
import { listObjects, type Tags } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { addProgress } from './add-progress.ts'
import { listedIds, listsFor } from './listed-ids.ts'
import { tagsOfRecords } from './tags-of-records.ts'

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

/** A page while it is filled. */
interface Filling extends JobQuery {
  jobs: JobPage['jobs']
  /** The last job that was examined, or the cursor. */
  last: string | undefined
}

/** Why no more jobs are examined: there are none, the page is full, or enough were examined. */
type Stop = 'end' | 'full' | 'bound'

/**
 * Lists jobs, newest first. Ids begin with the inverted time, so the order of the keys is the order of the list. The
 * lists by owner and by state name the jobs to examine. Beyond their reach, all records are examined. The tags of the
 * record decide what a job is.
 */
export async function listJobs (store: Store, query: JobQuery): Promise<JobPage> {
  const page: Filling = { ...query, jobs: [], last: query.cursor }
  const lists = listsFor(query)
  const until = lists.length === 0 ? '' : await readListedUntil(store)
  let stop: Stop = (page.last ?? '') < until ? await takeListed(store, page, lists, until) : 'end'
  if (stop === 'end' && until !== ALL_JOBS) stop = await walk(store, page, until)
  await addProgress(store, page.jobs)
  return { jobs: page.jobs, next_cursor: stop === 'end' ? null : page.last ?? null }
}

/** Examines the jobs that the lists name, up to `until`. */
async function takeListed (
  store: Store,
  page: Filling,
  lists: string[],
  until: string
): Promise<Stop> {
  const ids = listedIds(store, lists, { cursor: page.last, limit: page.limit + 1 })
  let next = (await ids.next()).value
  let looked = 0
  // Usually all of them belong to the query. If not, the next ones are examined in larger groups.
  for (let size = page.limit; looked < LOOKED_AT; size = Math.min(2 * size, 1000)) {
    const group: string[] = []
    while (next !== undefined && next <= until && group.length < size) {
      group.push(next)
      next = (await ids.next()).value
    }
    // There is at least one more, and the next page examines it.
    if (page.jobs.length === page.limit && group.length > 0) return 'full'
    const tags = await tagsOfRecords(store, group)
    for (const id of group) {
      if (page.jobs.length === page.limit) return 'full'
      examine(page, id, tags.get(id)!)
    }
    if (next === undefined || next > until) {
      // What follows beyond the reach of the lists is not known yet.
      return page.jobs.length === page.limit && until !== ALL_JOBS ? 'full' : 'end'
    }
    looked += group.length
  }
  return 'bound'
}

/** Examines all records after the last job and after `begin`. */
async function walk (store: Store, page: Filling, begin: string): Promise<Stop> {
  const { state, template, owner, limit, last } = page
  const isFiltered = state !== undefined || template !== undefined || owner !== undefined
  const after = last === undefined || last < begin ? begin : justAfter(last)
  let cursor: string | undefined
  for (let looked = 0; looked < LOOKED_AT;) {
    const { objects, next } = await listObjects(store, {
      prefix: STATE_PREFIX,
      after: STATE_PREFIX + after,
      cursor,
      limit: isFiltered ? 1000 : limit,
      tags: true
    })
    for (const { key, tags } of objects) {
      if (page.jobs.length === limit) return 'full'
      examine(page, jobOfKey(key), tags)
    }
    if (next === undefined) return 'end'
    if (page.jobs.length === limit) return 'full'
    cursor = next
    looked += objects.length
  }
  return 'bound'
}

/** Adds a job to the page, if it belongs to the query. */
function examine (page: Filling, id: string, tags: Tags): void {
  const { state, template, owner } = page
  if (!isJobId(id)) return
  page.last = id
  const job = listedJob(id, tags)
  if (
    job !== undefined && (state ?? job.state) === job.state && (template ?? job.template) === job.template &&
    (owner ?? job.owner) === job.owner
  ) page.jobs.push(job)
}

/** A job from its tags alone; `undefined` if the object is not a record, or was removed in the meantime. */
function listedJob (id: string, tags: Tags): Static<typeof ListedJob> | undefined {
  if (tags['state'] === undefined) return undefined
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
    progress: null,
    links: linksOf(id)
  }
}
