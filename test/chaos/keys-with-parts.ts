import { listParts } from '../../functions/result-upload/multipart/multipart.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { listUploads } from '../../shared/store/unfinished-uploads.ts'

/**
 * The keys below a prefix whose multipart uploads have parts. An upload that was cut off before it had a note has none;
 * it takes no room, and goes with its job.
 */
export async function keysWithParts (store: Store, prefix: string): Promise<string[]> {
  const found: string[] = []
  for (const { key, uploadId } of await listUploads(store, prefix)) {
    const parts = await listParts(store, key, uploadId) ?? []
    if (parts.length > 0) found.push(key)
  }
  return found
}
