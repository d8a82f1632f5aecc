import { manifestKey } from '../store/bucket-layout.ts'
import { getObject, putObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'

/** That everything of an attempt is up; written by `result-upload`, after it has counted for itself. */
export interface Manifest {
  files: number
  bytes: number
  at: string
}

export async function writeManifest (
  store: Store,
  id: string,
  attempt: string,
  manifest: Manifest
): Promise<void> {
  await putObject(store, manifestKey(id, attempt), JSON.stringify(manifest), {}, 'unconditional')
}

export async function hasManifest (store: Store, id: string, attempt: string): Promise<boolean> {
  return await getObject(store, manifestKey(id, attempt)) !== undefined
}
