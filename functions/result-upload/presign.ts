import { AwsV4Signer } from 'aws4fetch'
import { Type, type Static } from 'typebox'
import type { StoreSettings } from '../../shared/store/open-store.ts'

/** A grant is asked for right before it is used; a part that is on its way when this is over still arrives. */
const EXPIRES_SECONDS = 300

export const Grant = Type.Object({
  method: Type.Literal('PUT'),
  url: Type.String({ description: 'Presigned; good for five minutes' }),
  headers: Type.Record(Type.String(), Type.String(), { description: 'To be sent exactly as they are: they are signed' })
})
export type Grant = Static<typeof Grant>

/** Signs a PUT of that key with those headers and that query; the store refuses whatever differs. */
export type Presign = (key: string, headers: Record<string, string>, query?: Record<string, string>) => Promise<Grant>

export function presignWith (settings: StoreSettings): Presign {
  // The signing key of the day.
  const cache = new Map<string, ArrayBuffer>()
  return async function presign (key, headers, query = {}) {
    const url = new URL(`${settings.S3_BUCKET}/${encodeURIComponent(key).replaceAll('%2F', '/')}`, settings.S3_ENDPOINT)
    for (const [name, value] of Object.entries({ ...query, 'X-Amz-Expires': String(EXPIRES_SECONDS) })) {
      url.searchParams.set(name, value)
    }
    const signed = await new AwsV4Signer({
      method: 'PUT',
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
    return { method: 'PUT', url: signed.url.href, headers }
  }
}
