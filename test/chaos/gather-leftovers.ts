import { createdAt } from '../../shared/job/job-id.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { JOB_LABEL } from '../../shared/kubernetes/cluster.ts'
import {
  IDEMPOTENCY_PREFIX,
  jobOfKey,
  MARKER_PREFIX,
  RESULTS_PREFIX,
  STATE_PREFIX
} from '../../shared/store/bucket-layout.ts'
import { getObject, listAll } from '../../shared/store/object-store.ts'
import { processesWith } from '../support/processes-with.ts'
import type { ChaosHost } from './chaos-host.ts'
import { leftUploads } from './left-uploads.ts'
import type { Leftovers } from './leftovers.ts'
import type { JobRun } from './run-job.ts'

/** What is there at the end: in the bucket, in Kubernetes and among the processes. */
export async function gatherLeftovers ({ store, cluster, pods }: ChaosHost, runs: JobRun[]): Promise<Leftovers> {
  const records: Leftovers['records'] = []
  for await (const { key } of listAll(store, STATE_PREFIX, { tags: false })) {
    const found = await readRecord(store, jobOfKey(key))
    if (found === undefined) continue
    const { job_uuid: id, env, state, stop } = found.record
    records.push({
      id,
      name: env['CHAOS_JOB'] ?? '',
      isGivenUp: stop?.reason === 'KubernetesUnavailable',
      isTerminal: isTerminal(state)
    })
  }
  const markers: Leftovers['markers'] = []
  for await (const { key } of listAll(store, MARKER_PREFIX, { tags: false })) {
    const id = jobOfKey(key)
    markers.push({ id, ageMs: Date.now() - createdAt(id).getTime() })
  }
  const claims: Leftovers['claims'] = []
  for await (const { key } of listAll(store, IDEMPOTENCY_PREFIX, { tags: false })) {
    const found = await getObject(store, key)
    if (found === undefined) continue
    const { job_uuid: id } = JSON.parse(found.body.toString()) as { job_uuid: string }
    claims.push({ key, id })
  }
  return {
    records,
    accepted: new Map(runs.flatMap(({ plan, accepted: [id] }) => id === undefined ? [] : [[plan.name, id]])),
    markers,
    claims,
    jobs: (await cluster.jobs()).map(({ metadata }) => metadata!.labels![JOB_LABEL]!),
    uploads: await leftUploads(store, RESULTS_PREFIX),
    processes: processesWith(pods)
  }
}
