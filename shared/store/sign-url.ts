import { AwsV4Signer } from 'aws4fetch'
import type { StoreSettings } from './open-store.ts'

export interface SignedRequest {
  method: 'GET' | 'PUT'
  key: string
  /** How long the URL is good for. A transfer that has begun by then goes on. */
  seconds: number
  headers?: Record<string, string>
  query?: Record<string, string>
}

/** A presigned URL: whoever has it may send this one request, with exactly these headers. */
export type SignUrl = (request: SignedRequest) => Promise<URL>

/** Signs URLs of one bucket, at the address under which the other side reaches the store: the host is signed, too. */
export function urlSigner (settings: StoreSettings, endpoint = settings.S3_ENDPOINT): SignUrl {
  // The signing key of the day.
  const cache = new Map<string, ArrayBuffer>()
  return async function signUrl ({ method, key, seconds, headers = {}, query = {} }) {
    const url = new URL(`${settings.S3_BUCKET}/${encodeURIComponent(key).replaceAll('%2F', '/')}`, endpoint)
    for (const [name, value] of Object.entries({ ...query, 'X-Amz-Expires': String(seconds) })) {
      url.searchParams.set(name, value)
    }
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers,
      accessKeyId: settings.S3_ACCESS_KEY,
      secretAccessKey: settings.S3_SECRET_KEY,
      region: settings.S3_REGION,
      service: 's3',
      cache,
      signQuery: true,
      // Content-Length is among those that it would leave unsigned.
      allHeaders: true
    }).sign()
    return signed.url
  }
}
