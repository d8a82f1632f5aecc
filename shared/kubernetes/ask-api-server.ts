import { HttpMethod, RequestContext } from '@kubernetes/client-node'
import { fetch, type RequestInit, type Response } from 'undici'
import type { Cluster } from './cluster.ts'

/**
 * Sends a GET to the API server with the function's own credentials and returns the response as it is. For requests
 * that client-node does not support well.
 */
export async function askApiServer (
  { config }: Cluster,
  url: string,
  init: Pick<RequestInit, 'signal'>
): Promise<Response> {
  const context = new RequestContext(url, HttpMethod.GET)
  await config.applySecurityAuthentication(context)
  const dispatcher = context.getDispatcher()
  return await fetch(url, { ...init, headers: context.getHeaders(), ...(dispatcher && { dispatcher }) })
}
