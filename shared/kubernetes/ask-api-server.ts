import { HttpMethod, RequestContext } from '@kubernetes/client-node'
import { fetch, type RequestInit, type Response } from 'undici'
import type { Cluster } from './cluster.ts'

/**
 * Sends a request to the API server with the function's own credentials and returns the response as it is. For requests
 * that client-node does not support well.
 */
export async function askApiServer (
  { config }: Pick<Cluster, 'config'>,
  url: string,
  { method = 'GET', body = null, signal = null, accept }: {
    method?: string | undefined
    body?: string | null
    signal?: RequestInit['signal'] | undefined
    accept?: string | undefined
  } = {}
): Promise<Response> {
  const context = new RequestContext(url, HttpMethod.GET)
  await config.applySecurityAuthentication(context)
  const dispatcher = context.getDispatcher()
  const headers = {
    ...context.getHeaders(),
    ...(body !== null && { 'content-type': 'application/json' }),
    ...(accept !== undefined && { accept })
  }
  return await fetch(url, { method, body, signal, headers, ...(dispatcher && { dispatcher }) })
}
