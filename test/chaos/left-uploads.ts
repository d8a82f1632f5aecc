import { listParts } from '../../functions/result-upload/multipart/multipart.ts'
import { multipartKey } from '../../shared/store/bucket-layout.ts'
import { getJson } from '../../shared/store/json-object.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { listUploads } from '../../shared/store/unfinished-uploads.ts'

/**
 * The keys below a prefix of which a multipart upload is left that has a note or parts. One that was cut off before it
 * had a note has no parts either: it takes no room, and goes with its job.
 */
export async function leftUploads (store: Store, prefix: string): Promise<string[]> {
  const found: string[] = []
  for (const { key, uploadId } of await listUploads(store, prefix)) {
    const [, id = '', attempt = '', sha256 = ''] = key.split('/')
    const note = await getJson<{ upload_id: string }>(store, multipartKey(id, attempt, sha256))
    const hasParts = async (): Promise<boolean> => (await listParts(store, key, uploadId) ?? []).length > 0
    if (note?.upload_id === uploadId || await hasParts()) found.push(key)
  }
  return found
}
