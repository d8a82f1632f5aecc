import type { V1SecurityContext } from '@kubernetes/client-node'

/** The fields that Pod Security `restricted` requires in a container. */
export const restricted: V1SecurityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
