import type { KubernetesObject, V1ConfigMap, V1ObjectMeta, V1Secret } from '@kubernetes/client-node'
import type { ResolvedEnv } from '../intake/resolve-env.ts'
import { TOKEN_KEY } from './uploader-container.ts'

/** The plain environment. Kubernetes deletes it with the Job that owns it. */
export function configMapObject (job: KubernetesObject, { plain }: ResolvedEnv): V1ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: ownedBy(job), immutable: true, data: plain }
}

/** The uploader's token and the secret environment. Kubernetes deletes it with the Job that owns it. */
export function secretObject (job: KubernetesObject, { secret }: ResolvedEnv, token: string): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedBy(job),
    immutable: true,
    type: 'Opaque',
    stringData: { ...secret, [TOKEN_KEY]: token }
  }
}

function ownedBy ({ metadata = {} }: KubernetesObject): V1ObjectMeta {
  const { name = '', namespace = '', labels = {}, uid } = metadata
  return {
    name,
    namespace,
    labels,
    // A dry run makes no Job, so there is no owner reference.
    ...(uid !== undefined && { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }] })
  }
}
