import { randomBytes } from 'node:crypto'
import { makeBucket } from '../../../knative/local/store/store.ts'
import { openStore, type Store, type StoreSettings } from '../../../shared/store/open-store.ts'
import type { Bench } from '../bench.ts'

/** Makes a bucket for one row. */
export async function newBucket ({ store }: Pick<Bench, 'store'>): Promise<{ store: Store, settings: StoreSettings }> {
  const settings = {
    S3_ENDPOINT: store.endpoint,
    S3_ACCESS_KEY: store.accessKey,
    S3_SECRET_KEY: store.secretKey,
    S3_REGION: store.region,
    S3_BUCKET: `bench-${randomBytes(6).toString('hex')}`
  }
  await makeBucket(store, settings.S3_BUCKET)
  return { store: openStore(settings), settings }
}
