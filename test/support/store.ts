import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startStore } from '../../knative/local/store/store.ts'
import { openStore, type Store, type StoreSettings } from '../../shared/store/open-store.ts'
import { whole } from '../../shared/store/store-answer.ts'
import { request } from '../../shared/store/store-request.ts'

/**
 * Creates a bucket for one test in a real S3 store. It uses the store that S3_ENDPOINT names (`make test` starts one
 * for all files), or starts a store for this test.
 */
export async function testStore (t: Test): Promise<Store & { settings: StoreSettings }> {
  const { S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY } = process.env
  const settings = {
    ...(S3_ENDPOINT && S3_ACCESS_KEY && S3_SECRET_KEY
      ? { S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY }
      : await ownStore(t)),
    S3_BUCKET: `test-${randomBytes(6).toString('hex')}`,
    S3_REGION: 'us-east-1'
  }
  const store = openStore(settings)
  await whole(await request(store, { operation: 'CreateBucket', method: 'PUT', accept: [200] }))
  return { ...store, settings }
}

async function ownStore (t: Test): Promise<Pick<StoreSettings, 'S3_ENDPOINT' | 'S3_ACCESS_KEY' | 'S3_SECRET_KEY'>> {
  // Not t.testdir: the test may call it again, and that empties the first folder.
  const dir = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
  const store = await startStore({ dir })
  t.teardown(async () => {
    await store.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  return { S3_ENDPOINT: store.endpoint, S3_ACCESS_KEY: store.accessKey, S3_SECRET_KEY: store.secretKey }
}

/** A store at an address, usually one that a test serves itself. Nothing is created. */
export function storeAt (url: string, silenceMs?: number): Store {
  return openStore({
    S3_ENDPOINT: url,
    S3_ACCESS_KEY: 'access',
    S3_SECRET_KEY: 'hidden secret',
    S3_BUCKET: 'bucket',
    S3_REGION: 'us-east-1'
  }, silenceMs)
}
