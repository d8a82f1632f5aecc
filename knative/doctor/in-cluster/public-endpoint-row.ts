import { storeUrls } from '../../../functions/result-fetch/results/redirect-to-store.ts'
import { DOCTOR_PREFIX } from '../../../shared/store/bucket-layout.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { broken, degraded, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'

const CHECK = 'store: address for callers'

/**
 * Whether `S3_PUBLIC_ENDPOINT` leads to the store: a presigned GET of an object that does not exist must be answered
 * with 404, and not with 403. `undefined` without this setting.
 */
export async function publicEndpointRow (
  store: Store,
  settings: { S3_PUBLIC_ENDPOINT: string }
): Promise<Row | undefined> {
  const urlOf = storeUrls(store, settings)
  if (urlOf === undefined) return undefined
  const { S3_PUBLIC_ENDPOINT: endpoint } = settings
  try {
    const response = await fetch(urlOf({ key: `${DOCTOR_PREFIX}none`, name: 'none', contentType: 'text/plain' }), {
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000)
    })
    const body = await response.text()
    if (response.status === 404 && body.includes('NoSuchKey')) return works(CHECK, `${endpoint} accepts presigned URLs`)
    const [, code] = /<Code>(\w+)<\/Code>/.exec(body) ?? []
    return broken(
      CHECK,
      `${endpoint} answered with ${[response.status, code].filter(Boolean).join(' ')} instead of 404 NoSuchKey`,
      'correct S3_PUBLIC_ENDPOINT, or let its proxy keep the Host header and the path'
    )
  } catch (error) {
    return degraded(
      CHECK,
      `${endpoint} cannot be reached from here: ${wordsOf(error)}`,
      'try it from where the callers are: docs/results.md'
    )
  }
}
