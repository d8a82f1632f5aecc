import { HttpMethod, RequestContext } from '@kubernetes/client-node'
import { fetch, type RequestInit, type Response } from 'undici'
import type { Cluster } from './cluster.ts'

/**
 * A GET of the API server with the function's own credentials, for what client-node has no good call: the answer as it
 * comes.
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
