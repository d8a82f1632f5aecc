import { randomBytes } from 'node:crypto'
import { Client } from 'minio'
import { makeBucket } from '../../../knative/local/store/store.ts'
import { openStore, type Store, type StoreSettings } from '../../../shared/store/open-store.ts'
import type { Bench } from '../bench.ts'

export interface Bucket {
  store: Store
  settings: StoreSettings
  /** Presigned URLs for the floors, which ask the store themselves. They are made by a client of others. */
  urlToGet: (key: string) => Promise<string>
  urlToPut: (key: string) => Promise<string>
}

/** Makes a bucket for one row. */
export async function newBucket ({ store }: Pick<Bench, 'store'>): Promise<Bucket> {
  const { endpoint, accessKey, secretKey, region } = store
  const bucket = `bench-${randomBytes(6).toString('hex')}`
  const settings = {
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    S3_REGION: region,
    S3_BUCKET: bucket
  }
  await makeBucket(store, bucket)
  const { hostname, port, protocol } = new URL(endpoint)
  const useSSL = protocol === 'https:'
  const client = new Client({
    endPoint: hostname,
    port: Number(port) || (useSSL ? 443 : 80),
    useSSL,
    accessKey,
    secretKey,
    region
  })
  return {
    store: openStore(settings),
    settings,
    urlToGet: async (key) => await client.presignedGetObject(bucket, key),
    urlToPut: async (key) => await client.presignedPutObject(bucket, key)
  }
}
