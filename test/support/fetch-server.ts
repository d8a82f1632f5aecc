import type { Test } from 'tap'
import { resultFetch } from '../../functions/result-fetch/app.ts'
import { storeUrls } from '../../functions/result-fetch/results/redirect-to-store.ts'
import { admitCallers, type CallerSettings } from '../../shared/access/admit-callers.ts'
import { callersApi } from '../../shared/http/callers-api.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { createRecord } from '../../shared/job/record-store.ts'
import { contentReader } from '../../shared/store/content-reader.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { newRecord } from './new-record.ts'
import { serve } from './serve.ts'

/** Starts result-fetch. It asks for credentials only when there are settings for them. */
export async function fetchServer (
  t: Test,
  store: Store,
  { resultTokenKey, S3_PUBLIC_ENDPOINT = '', ...settings }:
    & Partial<CallerSettings>
    & { resultTokenKey?: string, S3_PUBLIC_ENDPOINT?: string } = {}
) {
  return {
    ...await serve(
      t,
      resultFetch({
        store,
        openContent: contentReader(store),
        storeUrl: storeUrls(store, { S3_PUBLIC_ENDPOINT }),
        resultTokenKey
      }),
      { ...admitCallers('test', { HOST: '127.0.0.1', ...settings }, store), elsewhere: callersApi.deploy }
    ),
    async create (more: Partial<JobRecord> = {}): Promise<JobRecord> {
      const record = newRecord(more)
      await createRecord(store, record)
      return record
    }
  }
}
