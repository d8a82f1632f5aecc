import http from 'node:http'
import https from 'node:https'
import { readAll } from '../http/bodies/read-all.ts'
import { percentEncode } from '../http/percent-encode.ts'
import { problem } from '../http/problem.ts'
import { storeErrors } from '../telemetry/metrics.ts'
import { startSpan } from '../telemetry/tracing.ts'
import type { Store } from './open-store.ts'

interface Request {
  /** As S3 calls it. */
  operation: string
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  key?: string
  query?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** Statuses that the caller understands; any other is a failure of the store. */
  accept: number[]
}

/**
 * One signed request. Whatever the caller does not understand becomes the problem `store-unavailable`, with its cause
 * for the log.
 */
export async function request (
  store: Store,
  { operation, method, key = '', query = '', headers = {}, body = '', accept }: Request
): Promise<http.IncomingMessage> {
  const end = startSpan(`S3.${operation}`, { 'aws.s3.bucket': store.bucket, ...(key !== '' && { 'aws.s3.key': key }) })
  let status: number | undefined
  try {
    const response = await send(store, { method, key, query, headers, body })
    status = response.statusCode!
    if (!accept.includes(status)) throw new Error(`the store answered ${status} ${await codeIn(response)}`)
    end({ attributes: { 'http.response.status_code': status } })
    return response
  } catch (cause) {
    storeErrors.inc({ operation, status: status === undefined ? 'none' : `${Math.floor(status / 100)}xx` })
    end({ error: String(status ?? 'none') })
    throw problem('store-unavailable', 'The object store cannot be reached or does not answer as it should', {
      cause: new Error(`${method} ${store.bucket}/${key}${query && '?' + query}`, { cause })
    })
  }
}

/** Sends one request, signed, and returns the answer as soon as its headers are here. */
async function send (
  { endpoint, address, bucket, signer, agent }: Store,
  { method, key, query, headers, body }: Required<Omit<Request, 'operation' | 'accept'>>
): Promise<http.IncomingMessage> {
  const path = `/${bucket}${key && `/${percentEncode(key).replaceAll('%2F', '/')}`}`
  const signed = signer.signedHeaders({ method, path, query, headers: { ...headers, host: endpoint.host } }, body)
  const { request: open } = endpoint.protocol === 'https:' ? https : http
  return await new Promise((resolve, reject) => {
    open({ ...address, method, path: path + (query && `?${query}`), headers: signed, agent })
      .once('response', resolve)
      .on('error', reject)
      .end(body)
  })
}

/** The code of an S3 error; the rest of it may repeat what was signed. */
async function codeIn (response: http.IncomingMessage): Promise<string> {
  return /<Code>(\w+)<\/Code>/.exec((await readAll(response)).toString())?.[1] ?? 'without a code'
}
