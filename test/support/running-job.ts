import type { V1Job, V1JobSpec, V1Pod, V1PodSpec } from '@kubernetes/client-node'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { JOB_LABEL, MANAGED_BY, objectName } from '../../shared/kubernetes/cluster.ts'
import type { Store } from '../../shared/store/open-store.ts'
import type { clusterOf } from './cluster-of.ts'
import { jobOf, shell } from './local-kubernetes.ts'
import { newRecord } from './new-record.ts'
import { openRecord } from './open-record.ts'
import { poll } from './poll.ts'

interface Place {
  store: Store
  cluster: ReturnType<typeof clusterOf>
}

/** Creates a job as deploy does, without an uploader. Its workload is a line of shell. */
export async function startedJob (
  { store, cluster }: Place,
  script: string,
  spec: Partial<V1JobSpec> = {},
  pod: Partial<V1PodSpec> = {},
  pending: JobRecord = newRecord({ state: 'pending' })
): Promise<{ record: JobRecord, job: V1Job }> {
  const id = pending.job_uuid
  const manifest = jobOf(objectName(id), [shell('workload', script)], spec, pod)
  const labels = { ...MANAGED_BY, [JOB_LABEL]: id }
  manifest.metadata!.labels = labels
  manifest.spec!.template.metadata = { labels }
  const job = await cluster.batch.createNamespacedJob({ namespace: cluster.namespace, body: manifest })
  const record = { ...pending, job_uid: job.metadata!.uid! }
  await openRecord(store, record)
  return { record, job }
}

/** Creates such a job and waits until its workload runs. */
export async function runningJob (
  place: Place,
  script: string,
  spec?: Partial<V1JobSpec>,
  podSpec?: Partial<V1PodSpec>
): Promise<{ record: JobRecord, pod: V1Pod }> {
  const { record } = await startedJob(place, script, spec, podSpec)
  const pod = await poll(
    'the workload runs',
    async () =>
      (await place.cluster.pods()).find(({ metadata, status }) =>
        metadata?.labels?.[JOB_LABEL] === record.job_uuid && status?.containerStatuses?.[0]?.state?.running
      )
  )
  return { record, pod }
}
