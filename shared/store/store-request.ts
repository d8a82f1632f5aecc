import type http from 'node:http'
import { buffer } from 'node:stream/consumers'
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
  // Of a string minio-js would send the number of characters as Content-Length.
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const end = startSpan(`S3.${operation}`, { 'aws.s3.bucket': store.bucket, ...(key !== '' && { 'aws.s3.key': key }) })
  let status: number | undefined
  try {
    const response = await store.client.makeRequestAsync(
      { method, bucketName: store.bucket, objectName: key, query, headers },
      bytes,
      anyStatus
    )
    status = response.statusCode!
    if (!accept.includes(status)) throw new Error(`the store answered ${status} ${await codeIn(response)}`)
    end({ attributes: { 'http.response.status_code': status } })
    return response
  } catch (cause) {
    status ??= statusIn(cause)
    storeErrors.inc({ operation, status: status === undefined ? 'none' : `${Math.floor(status / 100)}xx` })
    end({ error: String(status ?? 'none') })
    throw problem('store-unavailable', 'The object store cannot be reached or does not answer as it should', {
      cause: new Error(`${method} ${store.bucket}/${key}${query && '?' + query}`, { cause })
    })
  }
}

/** All are accepted of minio-js, which does not tell the status of what it makes an error of. */
const anyStatus = Array.from({ length: 500 }, (_, index) => index + 100)

/** But what it would ask for again, if it might, it accepts of nobody: of that only the words of its error tell. */
function statusIn (error: unknown): number | undefined {
  const [, status] = / HTTP status: (\d{3})/.exec(String(error)) ?? []
  return status === undefined ? undefined : Number(status)
}

/** The code of an S3 error; the rest of it may repeat what was signed. */
async function codeIn (response: http.IncomingMessage): Promise<string> {
  return /<Code>(\w+)<\/Code>/.exec((await buffer(response)).toString())?.[1] ?? 'without a code'
}
