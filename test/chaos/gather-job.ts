import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readRecord } from '../../shared/job/record-store.ts'
import { contentKey, markerKey, resultsPrefix } from '../../shared/store/bucket-layout.ts'
import { headObject } from '../../shared/store/object-store.ts'
import { processesWith } from '../support/processes-with.ts'
import type { ChaosHost } from './chaos-host.ts'
import { leftUploads } from './left-uploads.ts'
import type { Observation, SeenJob } from './observation.ts'
import { readArchive, readFile, readList } from './read-results.ts'
import type { JobRun } from './run-job.ts'
import { seeded } from './seeded.ts'
import { expectedOf, type Truth } from './truth.ts'

/** How many files of a job are also read one by one. */
const READ_ALONE = 3

/** Everything that is to be known of a job at the end. */
export async function gatherJob (
  host: ChaosHost,
  { plan, accepted, refused, hits, seen, earlyArchive }: JobRun
): Promise<Observation> {
  const { url, store, seed } = host
  const [id] = accepted
  const run = { plan, accepted, refused, hits, seen, ...(earlyArchive && { earlyArchive }) }
  const nothing = { written: [], jobsMade: 0, read: [], owed: [], deliveries: [], uploads: [], processes: 0 }
  if (id === undefined) return { ...run, ...nothing, hasMarker: false }
  const found = await readRecord(store, id)
  const truth = truthOf(host, plan.name, found?.record.attempt)
  const job = await fetch(`${url}/job/${id}`).then(
    async (answer) => answer.ok ? await answer.json() as SeenJob : undefined,
    () => undefined
  )
  const { list, leftOut } = await readList(url, id).catch(() => ({ list: undefined, leftOut: undefined }))
  const alone = seeded(seed, plan.name, 'alone').shuffled(list ?? []).slice(0, READ_ALONE)
  const attempt = found?.record.attempt ?? ''
  // MinIO lists uploads by a whole key only.
  const keys = [
    resultsPrefix(id),
    ...(truth ? expectedOf(truth).files : []).filter(({ size }) => size > 2 ** 20).map(({ sha256 }) =>
      contentKey(id, attempt, sha256)
    )
  ]
  return {
    ...run,
    written: host.written.of(id),
    jobsMade: host.made.of(id),
    ...(job && { job }),
    ...(truth && { truth }),
    ...(list && { list }),
    ...(leftOut && { leftOut }),
    archive: await readArchive(url, id).catch((error: Error) => String(error.cause ?? error.message)),
    read: await Promise.all(alone.map(({ name }) => readFile(url, id, name))),
    owed: found?.record.callbacks?.map(({ call }) => call) ?? [],
    deliveries: host.webhook.about(id),
    hasMarker: await headObject(store, markerKey(id)) !== undefined,
    uploads: [...new Set((await Promise.all(keys.map((key) => leftUploads(store, key)))).flat())],
    processes: processesWith(`JOB_UUID=${id}`).length + processesWith(host.truth, `CHAOS_JOB=${plan.name}`).length
  }
}

/**
 * The record of the attempt that counts. If its workload was killed, its folder is recorded now, as long as Kubernetes
 * keeps the pod.
 */
function truthOf ({ truth, pods }: ChaosHost, name: string, attempt: string | undefined): Truth | undefined {
  if (attempt === undefined) return undefined
  const file = join(truth, `${name}.${attempt}.truth`)
  const folder = join(pods, attempt, 'volumes/results')
  if (!existsSync(file) && existsSync(folder) && readdirSync(truth).includes(`${name}.${attempt}.started`)) {
    execFileSync('python3', [resolve(import.meta.dirname, 'workload.py'), '--record', folder, file])
  }
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Truth : undefined
}
