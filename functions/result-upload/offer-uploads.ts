import { atMost } from '../../shared/flow/at-most.ts'
import { contentKey } from '../../shared/store/bucket-layout.ts'
import { headObject } from '../../shared/store/object-store.ts'
import type { Attempt } from './attempt.ts'
import { type Content, toChecksum } from './content.ts'
import { offerParts } from './multipart/offer-parts.ts'
import type { Deps, Offer } from './offer.ts'

/**
 * Below this size a grant is given without a look: if the content is there already, the store refuses it with 412, and
 * that costs less than to ask for each of many small files. Bytes.
 */
const LOOK_FROM = 1024 * 1024

/** How each of some contents can be sent. The key is the digest, so what is there under it is what was granted. */
export async function offerUploads (deps: Deps, place: Attempt, contents: Content[]): Promise<Offer[]> {
  const inFlight = atMost(16)
  return await Promise.all(contents.map((content) => inFlight(async () => await offerUpload(deps, place, content))))
}

async function offerUpload (deps: Deps, place: Attempt, content: Content): Promise<Offer> {
  const { store, presign, largestPut } = deps
  const key = contentKey(place.id, place.attempt, content.sha256)
  if (content.size >= LOOK_FROM || content.size > largestPut) {
    const there = await headObject(store, key)
    if (there?.size === content.size) return { state: 'stored' }
  }
  if (content.size > largestPut) return await offerParts(deps, place, content)
  const grant = presign(key, {
    'content-length': String(content.size),
    'x-amz-checksum-sha256': toChecksum(content.sha256),
    'if-none-match': '*'
  })
  return { state: 'granted', ...grant }
}
