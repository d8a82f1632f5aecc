import { problem } from '../../shared/http/problem.ts'
import { writeManifest } from '../../shared/results/manifest.ts'
import { attemptPrefix } from '../../shared/store/bucket-layout.ts'
import { listAll } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import type { Attempt } from './attempt.ts'

export interface Count {
  files: number
  bytes: number
}

/** Takes the uploader's word that all is up, but only after counting what the store has. */
export async function confirmResults (store: Store, { id, attempt }: Attempt, said: Count): Promise<void> {
  const there: Count = { files: 0, bytes: 0 }
  for await (const { size } of listAll(store, attemptPrefix(id, attempt), { tags: false })) {
    there.files += 1
    there.bytes += size
  }
  if (there.files !== said.files || there.bytes !== said.bytes) {
    throw problem('upload-refused', `The store has ${inWords(there)}, the uploader says ${inWords(said)}`, {
      job_uuid: id
    })
  }
  await writeManifest(store, id, attempt, { ...there, at: new Date().toISOString() })
}

function inWords ({ files, bytes }: Count): string {
  return `${files} files with ${bytes} bytes`
}
