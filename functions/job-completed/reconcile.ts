import { SOON_MS } from '../../shared/events/remind.ts'
import { atMost } from '../../shared/flow/at-most.ts'
import { joined } from '../../shared/flow/joined.ts'
import { isJobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { type Cluster, genuine, kubernetesUnavailable } from '../../shared/kubernetes/cluster.ts'
import { idGroups, jobIdOf, selectorOf, versionOfAll, versionsOf } from '../../shared/kubernetes/list-by-id.ts'
import { listOpenJobs, looksOf, type OpenJob } from '../../shared/ping/open-jobs.ts'
import { looksUntil } from '../../shared/ping/looks-until.ts'
import { type PingNote, type PingNotes, readPingNotes } from '../../shared/ping/ping-notes.ts'
import { pingRepairs } from '../../shared/telemetry/metrics.ts'
import type { FollowUps } from './follow-up.ts'
import { type Deps, findJob, type Found, settleJob } from './settle-job.ts'
import { whatIsLeft } from './what-is-left.ts'

/** How many jobs are looked at at once. */
const AT_ONCE = 16

/**
 * Makes the work of job-completed for one ping. It finds changes that no event reported, and work that was interrupted.
 * A job is looked at when its marker, its Job or its pods have changed since the last look, or when its time has come;
 * what the others look like is in the notes. Then its follow-up starts, if something is left to do. If a job cannot be
 * settled, `failed` is called for it and the other jobs are still settled.
 */
export function reconcileWith (
  deps: Pick<Deps, 'store' | 'cluster'>,
  following: Pick<FollowUps, 'start'>,
  failed: (id: string, error: Error) => void
): () => Promise<void> {
  let notes: PingNotes<PingNote> | undefined

  async function reconcile (): Promise<void> {
    notes ??= await readPingNotes(deps.store, 'job-completed')
    const open = await listOpenJobs(deps.store)
    const changed = await changedJobs(deps, open, notes.notes)
    for (const group of idGroups(changed)) await lookAt(group, notes.notes)
    await notes.save(new Set(open.map(({ id }) => id)))
  }

  async function lookAt (jobs: OpenJob[], notes: PingNotes<PingNote>['notes']): Promise<void> {
    const found = await findJobs(deps, idsWithJobs(jobs))
    const inTurn = atMost(AT_ONCE)
    await Promise.all(jobs.map((job) => inTurn(async () => {
      notes.delete(job.id)
      try {
        const note = await look(job, found.get(job.id) ?? { job: undefined, pods: [] })
        if (note !== undefined && !job.isFresh) notes.set(job.id, note)
      } catch (error) {
        failed(job.id, error as Error)
      }
    })))
  }

  /** Settles one job. Returns what to note of it; `undefined` when the next ping has to look again. */
  async function look (job: OpenJob, listed: Found): Promise<PingNote | undefined> {
    const { id, isWrappedUp } = job
    const known = await readRecord(deps.store, id)
    // deploy removes such a marker, or writes the record in a moment.
    if (known === undefined) return undefined
    const found = isWrappedUp ? listed : await sureOf(deps.cluster, known.record, listed)
    const settled = isWrappedUp ? { ...known, changed: 'nothing' } : await settleJob(deps, known, found)
    if (settled === undefined) return undefined
    // A change of state should have caused an event. A change of only the reason or the exit code has no event.
    if (settled.changed === 'state') pingRepairs.inc({ repair: 'state' })
    const now = new Date()
    const left = whatIsLeft(settled.record, found, isWrappedUp, now)
    const isSoon = left.next !== undefined && left.next.getTime() - now.getTime() <= SOON_MS
    if (left.now || isSoon) following.start(id, { isWrappedUp, seen: { settled, found } })
    return left.next && { seen: looks(job, versionIn(found)), due: looksUntil(left.next, now) }
  }

  // The Broker sends a ping again that takes too long. One look at a time is enough.
  return joined(reconcile)
}

/**
 * The objects of a job, from a list. A Job that should be there and is not in the list is requested again, because only
 * that proves that it is gone. An accepted job waits for its Job, and only deploy makes it.
 */
async function sureOf (
  cluster: Cluster,
  { job_uuid: id, job_uid: uid, stop, state }: JobRecord,
  listed: Found
): Promise<Found> {
  const isMissing = listed.job === undefined && (uid !== undefined || stop !== undefined)
  return isMissing && !isTerminal(state) ? await findJob(cluster, id) : listed
}

/** The jobs that the notes do not cover: their time has come, or they do not look like before. */
async function changedJobs (
  { cluster }: Pick<Deps, 'cluster'>,
  open: OpenJob[],
  notes: PingNotes<PingNote>['notes']
): Promise<OpenJob[]> {
  const now = Date.now()
  const noted = open.filter(({ id }) => (notes.get(id)?.due ?? 0) > now)
  const versions = await versionsOf(cluster, idsWithJobs(noted))
  const same = new Set(noted.filter((job) => notes.get(job.id)!.seen === looks(job, versions.get(job.id) ?? '')))
  return open.filter((job) => !same.has(job))
}

/** The jobs whose Jobs matter. Another program may have put a marker whose name is no id. */
function idsWithJobs (jobs: OpenJob[]): string[] {
  return jobs.filter(({ id, isWrappedUp }) => !isWrappedUp && isJobId(id)).map(({ id }) => id)
}

/** For a job of which only callbacks are left, its Job does not matter. */
function looks ({ marker, isWrappedUp }: OpenJob, version: string): string {
  return looksOf(marker, isWrappedUp ? '' : version)
}

function versionIn ({ job, pods }: Found): string {
  return versionOfAll(job === undefined ? pods : [job, ...pods])
}

/** The Jobs and pods of some jobs, read in two requests. */
async function findJobs ({ cluster }: Pick<Deps, 'cluster'>, ids: string[]): Promise<Map<string, Found>> {
  if (ids.length === 0) return new Map()
  const { batch, core, namespace } = cluster
  const query = { namespace, labelSelector: selectorOf(ids) }
  const [jobs, pods] = await Promise.all([
    batch.listNamespacedJob(query).then(genuine),
    core.listNamespacedPod(query).then(genuine)
  ]).catch((error) => {
    throw kubernetesUnavailable(error)
  })
  const jobsById = Map.groupBy(jobs.items, jobIdOf)
  const podsById = Map.groupBy(pods.items, jobIdOf)
  return new Map(ids.map((id) => [id, { job: jobsById.get(id)?.[0], pods: podsById.get(id) ?? [] }]))
}
