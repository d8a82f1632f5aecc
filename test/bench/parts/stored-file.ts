import { randomUUID } from 'node:crypto'
import { createRecord } from '../../../shared/job/record-store.ts'
import { writeManifest } from '../../../shared/results/manifest.ts'
import { contentKey } from '../../../shared/store/bucket-layout.ts'
import { newRecord } from '../../support/new-record.ts'
import type { Bench } from '../bench.ts'
import type { BigFile } from './big-file.ts'
import type { Bucket } from './bucket.ts'
import { upload } from './curl.ts'

/** An ended job with one result file. Returns the id of the job, and a presigned URL of the content. */
export async function storedFile (
  bench: Pick<Bench, 'dir' | 'after'>,
  { store, urlToGet, urlToPut }: Bucket,
  { path, size, sha256 }: BigFile,
  name: string
): Promise<{ id: string, direct: string }> {
  const attempt = randomUUID()
  const at = new Date().toISOString()
  const counts = { files: 1, bytes: size, complete: true, left_out: [], left_out_count: 0 }
  const record = newRecord({
    state: 'succeeded',
    attempt,
    results: counts,
    finished_at: at,
    expires_at: '2099-01-01T00:00:00.000Z'
  })
  const id = record.job_uuid
  const key = contentKey(id, attempt, sha256)
  await upload(bench, await urlToPut(key), path)
  await writeManifest(store, id, attempt, { ...counts, at }, [{ name, size, sha256 }])
  await createRecord(store, record)
  return { id, direct: await urlToGet(key) }
}
