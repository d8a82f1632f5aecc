import { setTimeout as sleep } from 'node:timers/promises'
import { BatchV1Api, CoreV1Api, type KubeConfig, type V1Job, type V1Pod } from '@kubernetes/client-node'
import { MOST_SECONDS } from './doctor-job.ts'
import type { Report } from './in-cluster/main.ts'
import { broken } from './row.ts'
import { wordsOf } from './words-of.ts'

/** The time to schedule the pod and to pull its image. */
const START_MS = 120_000

const CHECK = 'doctor pod'

/** Runs the Job and returns the report of its pod. If that fails, the error is a row of the report. */
export async function runInCluster (config: KubeConfig, namespace: string, job: V1Job): Promise<Report> {
  const [batch, core] = [config.makeApiClient(BatchV1Api), config.makeApiClient(CoreV1Api)]
  let name: string | undefined
  try {
    name = (await batch.createNamespacedJob({ namespace, body: job })).metadata!.name!
    const pod = await endedPod(core, namespace, name)
    const log = pod.status?.containerStatuses?.[0]?.state?.terminated === undefined
      ? ''
      : await core.readNamespacedPodLog({ namespace, name: pod.metadata!.name! })
    return reportOf(log, pod)
  } catch (error) {
    return without(wordsOf(error))
  } finally {
    // If this fails, Kubernetes removes the Job by its TTL.
    if (name !== undefined) {
      await batch.deleteNamespacedJob({ namespace, name, propagationPolicy: 'Background' }).catch(() => {})
    }
  }
}

async function endedPod (core: CoreV1Api, namespace: string, job: string): Promise<V1Pod> {
  const begun = Date.now()
  let pod: V1Pod | undefined
  while (Date.now() - begun < MOST_SECONDS * 1000) {
    pod = (await core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` })).items[0]
    const { state } = pod?.status?.containerStatuses?.[0] ?? {}
    if (pod !== undefined && (state?.terminated !== undefined || pod.status?.phase === 'Failed')) return pod
    if (state?.running === undefined && Date.now() - begun > START_MS) break
    await sleep(1000)
  }
  throw new Error(obstacleOf(pod))
}

/** The reason why the pod has not started, or has not ended. */
function obstacleOf (pod: V1Pod | undefined): string {
  if (pod === undefined) return 'the Job has no pod: see kubectl get events -n gx4ki'
  const { waiting, running } = pod.status?.containerStatuses?.[0]?.state ?? {}
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (running !== undefined) return `the pod did not end within ${MOST_SECONDS} s`
  return [waiting?.reason ?? unscheduled?.reason, waiting?.message ?? unscheduled?.message].filter(Boolean).join(
    ': '
  ) || 'the pod has not started, and its status gives no reason'
}

/** The last line of the log is the report. A pod without a report gives a row with the reason. */
export function reportOf (log: string, { status }: V1Pod): Report {
  const last = log.trim().split('\n').at(-1) ?? ''
  if (last.startsWith('{')) return JSON.parse(last) as Report
  const { terminated } = status?.containerStatuses?.[0]?.state ?? {}
  return without(
    last || [terminated?.reason ?? status?.reason, terminated?.message ?? status?.message].filter(Boolean).join(': ')
  )
}

function without (seen: string): Report {
  return {
    rows: [broken(CHECK, seen, 'fix the broken rows above; this pod checks store, orphans and events')]
  }
}
