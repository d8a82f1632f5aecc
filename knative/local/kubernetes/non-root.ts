import type { V1Container } from '@kubernetes/client-node'
import type { Pod, Wire } from './objects.ts'

/**
 * Why a container has to wait that must not run as root and names root as its user. A kubelet also checks the user of
 * the image, which the local host does not have.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/kuberuntime/security_context.go
 */
export function breaksNonRoot (
  { metadata, spec: { securityContext: ofPod } }: Pod,
  { name, securityContext: own }: Wire<V1Container>
): string | undefined {
  const user = own?.runAsUser ?? ofPod?.runAsUser
  if (user !== 0 || !(own?.runAsNonRoot ?? ofPod?.runAsNonRoot)) return undefined
  return `container's runAsUser breaks non-root policy (pod: "${metadata.name}_${metadata.namespace}(${metadata.uid})", ` +
    `container: ${name})`
}
