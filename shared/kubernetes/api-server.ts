import http from 'node:http'
import https from 'node:https'
import type tls from 'node:tls'
import { urlToHttpOptions } from 'node:url'

/** The API server: its address, the connections to it, and the headers with which a function proves who it is. */
export interface ApiServer {
  url: URL
  /** The same for node:http, as in shared/store/open-store.ts. */
  address: http.RequestOptions
  agent: http.Agent
  /** The agent of answers that take minutes, such as a log that is followed: they must not keep others waiting. */
  agentOfLogs: http.Agent
  credentials: () => Promise<Record<string, string>>
  patience: Patience
}

/** How long to wait, in milliseconds: for a connection, for the begin of an answer, and for more of it. */
interface Patience {
  connectMs: number
  answerMs: number
  silenceMs: number
}

/** What an API server that speaks TLS is trusted by, and what it trusts. */
export type TlsOptions = Pick<tls.ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>

/** More calls than this wait for one another. An API server with Priority and Fairness would make them wait as well. */
const MOST_CONNECTIONS = 32

/** A connection that is idle for longer is closed here, before the API server or a proxy closes it. */
const IDLE_MS = 4_000

export function apiServerAt (
  server: string,
  tlsOptions: TlsOptions,
  credentials: ApiServer['credentials']
): ApiServer {
  const url = new URL(server)
  const agentWith = (options: https.AgentOptions): http.Agent =>
    url.protocol === 'https:' ? new https.Agent({ ...tlsOptions, ...options }) : new http.Agent(options)
  return {
    url,
    address: urlToHttpOptions(url),
    agent: agentWith({ keepAlive: true, timeout: IDLE_MS, maxSockets: MOST_CONNECTIONS }),
    agentOfLogs: agentWith({ keepAlive: true, timeout: IDLE_MS }),
    credentials,
    patience: { connectMs: 5_000, answerMs: 15_000, silenceMs: 60_000 }
  }
}
