import { podsOf } from '../../shared/kubernetes/workload.ts'
import type { ChaosHost } from './chaos-host.ts'

/** Writes what the uploader of a job has said to the log of the run, if Kubernetes still has its pod. */
export async function keepUploaderLog (
  { cluster, log }: ChaosHost,
  { name, id }: { name: string, id: string }
): Promise<void> {
  const { core, namespace } = cluster
  for (const { metadata } of await podsOf(cluster, id)) {
    const text = await core.readNamespacedPodLog({ namespace, name: metadata!.name!, container: 'uploader' }).catch(String)
    for (const line of text.trimEnd().split('\n')) log(`uploader of ${name}: ${line}`)
  }
}
