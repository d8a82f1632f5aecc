import { readFileSync } from 'node:fs'
import type { ApiServer } from './api-server.ts'
import { apiServerOfPod } from './api-server-of-pod.ts'
import { plainKubeconfig } from './plain-kubeconfig.ts'

/** The API server that a kubeconfig names; without one, that of the cluster in which this process runs in a pod. */
export async function connectApiServer (kubeconfig: string | undefined): Promise<ApiServer> {
  if (!kubeconfig) return apiServerOfPod()
  const { readYaml } = await import('../settings/read-yaml.ts')
  const plain = plainKubeconfig(readYaml(readFileSync(kubeconfig, 'utf8')))
  if (plain !== undefined) return plain
  const { anyKubeconfig } = await import('./any-kubeconfig.ts')
  return await anyKubeconfig(kubeconfig)
}
