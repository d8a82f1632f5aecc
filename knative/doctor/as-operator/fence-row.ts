import { CoreV1Api, type KubeConfig, type V1PodSpec } from '@kubernetes/client-node'
import { broken, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' }
}

/** Pods that must not be made among the jobs, whoever asks; each but for one thing as it should be. */
const intruders = (image: string): Record<string, V1PodSpec> => ({
  'an image that nobody allowed': pod('doctor.invalid/not-allowed:1', restricted),
  'a privileged pod': pod(image, { privileged: true }),
  'a token of the Kubernetes API': { ...pod(image, restricted), automountServiceAccountToken: true }
})

function pod (image: string, securityContext: object): V1PodSpec {
  return { automountServiceAccountToken: false, containers: [{ name: 'intruder', image, securityContext }] }
}

/** What could be made among the jobs that must not; nothing is made. `image` is one that may run. */
export async function fenceRow (config: KubeConfig, namespace: string, image: string): Promise<Row> {
  const core = config.makeApiClient(CoreV1Api)
  const admitted: string[] = []
  const all = Object.entries(intruders(image))
  for (const [what, spec] of all) {
    try {
      await core.createNamespacedPod({ namespace, body: { metadata: { name: 'gx4ki-doctor' }, spec }, dryRun: 'All' })
      admitted.push(what)
    } catch (error) {
      // That would say something of the operator, and nothing of the pod.
      if (!/ValidatingAdmissionPolicy|PodSecurity/.test(wordsOf(error))) throw error
    }
  }
  return judgeFence(namespace, admitted, all.map(([what]) => what))
}

export function judgeFence (namespace: string, admitted: string[], all: string[]): Row {
  const check = 'what may run among the jobs'
  if (admitted.length === 0) return works(check, `refused: ${all.join(', ')}`)
  return broken(
    check,
    `admitted: ${admitted.join(', ')}`,
    `kubectl apply -k your overlay; the policy is gx4ki-jobs, and the namespace ${namespace} must be labelled restricted`
  )
}
