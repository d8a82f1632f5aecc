import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import { contentDisposition } from '../../../shared/http/content-disposition.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { urlSigner } from '../../../shared/store/sign-url.ts'
import { preferencesIn } from '../preferences-in.ts'

export const redirectSettings = {
  S3_PUBLIC_ENDPOINT: Type.String({
    default: '',
    pattern: '^(https?://[^/?#@\\s]+/?)?$',
    description: 'The address of the store for callers, without a path; with it they may ask for a redirect to the store'
  })
}

/** How long a redirect is good for. A download that has begun by then goes on. */
const SECONDS = 60

/** Makes the URL at which a caller can read an object from the store itself, as a file of this name and type. */
export type StoreUrl = (object: { key: string, name: string, contentType: string }) => string

/** Returns `undefined` where callers cannot reach the store. */
export function storeUrls (
  store: Store,
  { S3_PUBLIC_ENDPOINT: endpoint }: { S3_PUBLIC_ENDPOINT: string }
): StoreUrl | undefined {
  if (endpoint === '') return undefined
  const signUrl = urlSigner(store, new URL(endpoint))
  return ({ key, name, contentType }) =>
    signUrl({
      method: 'GET',
      key,
      seconds: SECONDS,
      // The store knows neither name nor type, and a browser must not show the file with the rights of its origin.
      query: {
        'response-content-type': contentType,
        'response-content-disposition': contentDisposition(name),
        'response-cache-control': 'private, no-store'
      }
    }).href
}

/**
 * Whether the request has `Prefer: redirect`, and may be redirected. The store's ETags are not those of the
 * API, so a condition that the client sends again to the store would fail there.
 */
export function prefersRedirect ({ method, headers }: { method: string, headers: IncomingHttpHeaders }): boolean {
  const isPreferred = preferencesIn(headers['prefer'] as string | undefined).get('redirect')?.value === ''
  return method === 'GET' && isPreferred && !CONDITIONS.some((name) => name in headers)
}

const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range']
