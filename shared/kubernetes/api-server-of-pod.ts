import { promises as fs, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { type ApiServer, apiServerAt } from './api-server.ts'

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The kubelet renews the token long before it expires. Client libraries read it again every minute. */
const TOKEN_MS = 60_000

/** The API server as a pod finds it: by its environment, with the token of its ServiceAccount. */
export function apiServerOfPod (environment: NodeJS.ProcessEnv = process.env, folder = FOLDER): ApiServer {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment
  if (!host) throw new Error('wrong settings: outside of a cluster, KUBECONFIG must be set')
  const tokenFile = join(folder, 'token')
  let token = readFileSync(tokenFile, 'utf8').trim()
  let readAt = Date.now()
  return apiServerAt(
    `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    { ca: readFileSync(join(folder, 'ca.crt')) },
    async () => {
      if (Date.now() - readAt >= TOKEN_MS) {
        token = (await fs.readFile(tokenFile, 'utf8')).trim()
        readAt = Date.now()
      }
      return { authorization: `Bearer ${token}` }
    }
  )
}
