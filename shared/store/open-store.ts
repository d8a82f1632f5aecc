import http from 'node:http'
import https from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { Type, type Static, type TObject } from 'typebox'
import { type Signer, signerWith } from './signature.ts'

export const storeSettings = {
  S3_ENDPOINT: Type.String({ pattern: '^https?://[^/]+/?$', default: 'http://127.0.0.1:9000' }),
  S3_ACCESS_KEY: Type.String({ minLength: 1 }),
  S3_SECRET_KEY: Type.String({ minLength: 1 }),
  S3_BUCKET: Type.String({ minLength: 3, default: 'gx4ki-jobs' }),
  S3_REGION: Type.String({ minLength: 1, default: 'us-east-1' })
}
export type StoreSettings = Static<TObject<typeof storeSettings>>

/** A bucket and the connection to it; every function of the store takes it first. */
export interface Store {
  endpoint: URL
  /** The endpoint for node:http. To take the URL apart at each request is a fifth of what a request costs there. */
  address: http.RequestOptions
  bucket: string
  signer: Signer
  agent: http.Agent
  /** How long the store may stay silent within one request before it counts as down. Milliseconds. */
  silenceMs: number
}

const SILENCE_MS = 10_000

export function openStore (settings: StoreSettings, silenceMs = SILENCE_MS): Store {
  const endpoint = new URL(settings.S3_ENDPOINT)
  return {
    endpoint,
    address: urlToHttpOptions(endpoint),
    bucket: settings.S3_BUCKET,
    signer: signerWith({
      accessKey: settings.S3_ACCESS_KEY,
      secretKey: settings.S3_SECRET_KEY,
      region: settings.S3_REGION
    }),
    agent: impatientAgent(endpoint.protocol === 'https:', silenceMs),
    silenceMs
  }
}

/** An agent whose sockets break off when the other side says nothing. */
function impatientAgent (secure: boolean, silenceMs: number): http.Agent {
  const agent = new (secure ? https : http).Agent({ keepAlive: true, timeout: silenceMs })
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, done) => {
    const socket = connect(options, done)
    socket?.on('timeout', () => socket.destroy(new Error(`no answer within ${silenceMs} ms`)))
    return socket
  }
  return agent
}
