import http from 'node:http'
import https from 'node:https'
import type { ApiServer } from './api-server.ts'
import { observeCall } from './observe-call.ts'

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'DELETE'
  /** JSON. */
  body?: string | undefined
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
  /** Whether the answer is the log of a running container, which may take minutes. */
  isLog?: boolean
}

/**
 * Sends a request to the API server with the function's own credentials and returns the answer as it is, whatever its
 * status. The caller must read the answer to its end: that frees the connection.
 */
export async function askApiServer (
  { api }: { api: ApiServer },
  path: string,
  { method = 'GET', body, headers = {}, signal, isLog = false }: ApiRequest = {}
): Promise<http.IncomingMessage> {
  const { url, address } = api
  const { request: open } = url.protocol === 'https:' ? https : http
  const request = open({
    ...address,
    method,
    path: url.pathname.replace(/\/$/, '') + path,
    agent: isLog ? api.agentOfLogs : api.agent,
    headers: {
      'user-agent': 'gx4ki-jobs',
      // As kubectl does: logs and the keys of tokens have other types, and the API server answers 406 without this.
      accept: 'application/json, */*',
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
      ...await api.credentials()
    },
    ...(signal && { signal })
  })
  observeCall(request, url.origin)
  limitWaiting(request, api.patience)
  return await new Promise((resolve, reject) => {
    request.once('response', resolve).on('error', reject).end(body)
  })
}

function limitWaiting (request: http.ClientRequest, { connectMs, answerMs, silenceMs }: ApiServer['patience']): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return
    const late = setTimeout(() => {
      request.destroy(Object.assign(new Error(`no connection within ${connectMs} ms`), { code: 'NotConnected' }))
    }, connectMs)
    const isConnected = 'encrypted' in socket ? 'secureConnect' : 'connect'
    for (const event of [isConnected, 'close']) socket.once(event, () => clearTimeout(late))
  })
  request.setTimeout(answerMs)
  request.on('timeout', () => request.destroy(new Error(`no answer within ${answerMs} ms`)))
  request.once('response', (response) => {
    request.removeAllListeners('timeout')
    response.setTimeout(silenceMs, () => response.destroy(new Error(`nothing more within ${silenceMs} ms`)))
  })
}
