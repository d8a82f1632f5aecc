import type { Progress } from '../job/progress.ts'
import { progressKey } from '../store/bucket-layout.ts'
import { getJson, putJson } from '../store/json-object.ts'
import type { Store } from '../store/open-store.ts'

type Note = Progress & { attempt: string }

export async function writeProgress (store: Store, id: string, note: Note): Promise<void> {
  await putJson(store, progressKey(id), note)
}

/** The newest report of a job; with `attempt`, only if it is of that attempt. */
export async function readProgress (store: Store, id: string, attempt?: string): Promise<Progress | undefined> {
  const note = await getJson<Note>(store, progressKey(id))
  if (note === undefined || note.attempt !== (attempt ?? note.attempt)) return undefined
  const { attempt: _, ...progress } = note
  return progress
}
