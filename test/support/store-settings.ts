import type { StoreSettings } from '../../shared/store/open-store.ts'

/** Settings for a store that is only played. */
export const storeSettingsOf = (url: string): StoreSettings => ({
  S3_ENDPOINT: url,
  S3_ACCESS_KEY: 'access',
  S3_SECRET_KEY: 'secret',
  S3_BUCKET: 'bucket',
  S3_REGION: 'us-east-1'
})
