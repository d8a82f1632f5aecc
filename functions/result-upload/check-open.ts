import { problem } from '../../shared/http/problem.ts'
import { manifestKey } from '../../shared/store/bucket-layout.ts'
import { headObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import type { Attempt } from './attempt.ts'

/** Refuses what would change the results of an attempt after its manifest is written. */
export async function checkOpen (store: Store, { id, attempt }: Attempt): Promise<void> {
  if (await headObject(store, manifestKey(id, attempt)) === undefined) return
  throw problem('upload-refused', 'The uploader has said that it is done; the results of this attempt cannot change', {
    job_uuid: id
  })
}
