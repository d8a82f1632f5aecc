import type http from 'node:http'
import type https from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import { type ApiServer, apiServerAt } from './api-server.ts'

/**
 * The API server of any kubeconfig, read by client-node: with client certificates, a program or a provider that gives
 * tokens, or a proxy. In a bundle of its own, which a function loads only for such a kubeconfig.
 */
export async function anyKubeconfig (path: string): Promise<ApiServer> {
  const config = new KubeConfig()
  config.loadFromFile(path)
  return await apiServerOf(config)
}

export async function apiServerOf (config: KubeConfig): Promise<ApiServer> {
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw new Error('wrong settings: the current context of KUBECONFIG has no cluster')
  const { agent, ca, cert, key, servername, rejectUnauthorized } = await optionsOf(config)
  const server = apiServerAt(
    cluster.server,
    { ca, cert, key, servername, rejectUnauthorized },
    async () => {
      const { auth, headers } = await optionsOf(config)
      return {
        ...(auth && { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
        ...headers as Record<string, string> | undefined
      }
    }
  )
  if (cluster.proxyUrl === undefined) return server
  const throughProxy = agent as http.Agent
  return { ...server, agent: throughProxy, agentOfLogs: throughProxy }
}

/** How client-node would send a request now. A token may have been renewed since the last one. */
async function optionsOf (config: KubeConfig): Promise<https.RequestOptions> {
  const options: https.RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  return options
}
