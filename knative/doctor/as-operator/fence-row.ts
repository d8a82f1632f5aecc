import { CoreV1Api, type KubeConfig, type V1Pod, type V1PodSpec } from '@kubernetes/client-node'
import { broken, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' }
}

/** Pods that the jobs namespace must refuse from every client. Each breaks exactly one rule. */
const intruders = (image: string): Record<string, V1Pod> => ({
  'an image that is not allowed': { spec: pod('doctor.invalid/not-allowed:1', restricted) },
  'a privileged pod': { spec: pod(image, { privileged: true }) },
  'a token for the Kubernetes API': { spec: { ...pod(image, restricted), automountServiceAccountToken: true } },
  'a Secret of another': {
    spec: { ...pod(image, restricted), volumes: [{ name: 'secret', secret: { secretName: 'gx4ki-doctor-intruder' } }] }
  },
  'a label that opens a NetworkPolicy': {
    metadata: { labels: { 'eventing.knative.dev/source': 'apiserver-source-controller' } },
    spec: pod(image, restricted)
  }
})

function pod (image: string, securityContext: object): V1PodSpec {
  return { automountServiceAccountToken: false, containers: [{ name: 'intruder', image, securityContext }] }
}

/** Checks with dry runs that the jobs namespace refuses these pods. `image` is an image that is allowed there. */
export async function fenceRow (config: KubeConfig, namespace: string, image: string): Promise<Row> {
  const core = config.makeApiClient(CoreV1Api)
  const admitted: string[] = []
  const all = Object.entries(intruders(image))
  for (const [what, { metadata, spec }] of all) {
    const body = { metadata: { ...metadata, name: 'gx4ki-doctor' }, spec: spec! }
    try {
      await core.createNamespacedPod({ namespace, body, dryRun: 'All' })
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
    `kubectl apply -k your overlay; it has the policies gx4ki-jobs… and labels the namespace ${namespace} as restricted`
  )
}
