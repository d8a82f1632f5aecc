import { percentEncode } from '../http/percent-encode.ts'
import type { Store } from './open-store.ts'

export interface SignedRequest {
  method: 'GET' | 'PUT'
  key: string
  /** How long the URL is good for. A transfer that has begun by then goes on. */
  seconds: number
  headers?: Record<string, string>
  query?: Record<string, string>
}

/** A presigned URL: whoever has it may send this one request, with exactly these headers. */
export type SignUrl = (request: SignedRequest) => URL

/** Signs URLs of one bucket, at the address under which the other side reaches the store: the host is signed, too. */
export function urlSigner (
  { signer, bucket, endpoint: own }: Pick<Store, 'signer' | 'bucket' | 'endpoint'>,
  endpoint = own
): SignUrl {
  return function signUrl ({ method, key, seconds, headers = {}, query = {} }) {
    const path = `/${bucket}/${percentEncode(key).replaceAll('%2F', '/')}`
    const signed = signer.signedQuery({
      method,
      path,
      query: Object.entries(query).map(([name, value]) => `${name}=${percentEncode(value)}`).join('&'),
      headers: { ...headers, host: endpoint.host }
    }, seconds)
    return new URL(`${path}?${signed}`, endpoint)
  }
}
