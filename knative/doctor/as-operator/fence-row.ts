import { CoreV1Api, type KubeConfig, type V1PodSpec } from '@kubernetes/client-node'
import { broken, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' }
}

/** Pods that the jobs namespace must refuse from every client. Each breaks exactly one rule. */
const intruders = (image: string): Record<string, V1PodSpec> => ({
  'an image that is not allowed': pod('doctor.invalid/not-allowed:1', restricted),
  'a privileged pod': pod(image, { privileged: true }),
  'a token for the Kubernetes API': { ...pod(image, restricted), automountServiceAccountToken: true }
})

function pod (image: string, securityContext: object): V1PodSpec {
  return { automountServiceAccountToken: false, containers: [{ name: 'intruder', image, securityContext }] }
}

/** Checks with dry runs that the jobs namespace refuses these pods. `image` is an image that is allowed there. */
export async function fenceRow (config: KubeConfig, namespace: string, image: string): Promise<Row> {
  const core = config.makeApiClient(CoreV1Api)
  const admitted: string[] = []
  const all = Object.entries(intruders(image))
  for (const [what, spec] of all) {
    try {
      await core.createNamespacedPod({ namespace, body: { metadata: { name: 'gx4ki-doctor' }, spec }, dryRun: 'All' })
      admitted.push(what)
    } catch (error) {
      // Any other refusal is about the rights of the operator, not about the pod.
      if (!/ValidatingAdmissionPolicy|PodSecurity/.test(wordsOf(error))) throw error
    }
  }
  return judgeFence(namespace, admitted, all.map(([what]) => what))
}

export function judgeFence (namespace: string, admitted: string[], all: string[]): Row {
  const check = 'pod admission'
  if (admitted.length === 0) return works(check, `refused: ${all.join(', ')}`)
  return broken(
    check,
    `admitted: ${admitted.join(', ')}`,
    `kubectl apply -k your overlay; it has the policy gx4ki-jobs and labels the namespace ${namespace} as restricted`
  )
}
