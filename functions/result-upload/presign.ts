import { Type, type Static } from 'typebox'
import type { Store } from '../../shared/store/open-store.ts'
import { urlSigner } from '../../shared/store/sign-url.ts'

/** A grant is asked for right before it is used; a part that is on its way when this is over still arrives. */
const EXPIRES_SECONDS = 300

export const Grant = Type.Object({
  method: Type.Literal('PUT'),
  url: Type.String({ description: 'Presigned; good for five minutes' }),
  headers: Type.Record(Type.String(), Type.String(), { description: 'To be sent exactly as they are: they are signed' })
}, { title: 'Grant' })
export type Grant = Static<typeof Grant>

/** Signs a PUT of that key with those headers and that query; the store refuses whatever differs. */
export type Presign = (key: string, headers: Record<string, string>, query?: Record<string, string>) => Grant

export function presignWith (store: Store): Presign {
  const signUrl = urlSigner(store)
  return function presign (key, headers, query = {}) {
    const url = signUrl({ method: 'PUT', key, seconds: EXPIRES_SECONDS, headers, query })
    return { method: 'PUT', url: url.href, headers }
  }
}
