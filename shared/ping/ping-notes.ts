import { pingNotesKey } from '../store/bucket-layout.ts'
import { getJson, putJson } from '../store/json-object.ts'
import type { Store } from '../store/open-store.ts'

/** What a ping has found: a job needs no look before `due`, as long as it looks like `seen`. */
export interface PingNote {
  seen: string
  /** In ms since 1970. */
  due: number
}

/**
 * The notes of all pings of a function. Each note says only what stays true, so a note that is lost or replaced by an
 * older one costs a look, and never hides a change. So no lock is needed, and nothing has to be written before a crash.
 */
export interface PingNotes<Note extends PingNote> {
  notes: Map<string, Note>
  /** Stores the notes for other processes, if they have changed. Forgets the jobs that are not `open`. */
  save(open: ReadonlySet<string>): Promise<void>
}

interface Stored<Note> {
  /** The form of the notes. Another version of this project may have another one, and reads none of this form. */
  form: 1
  notes: Record<string, Note>
}

/** Reads the notes that another process has stored. This process keeps them in memory afterwards. */
export async function readPingNotes<Note extends PingNote> (
  store: Store,
  name: 'deploy' | 'job-completed'
): Promise<PingNotes<Note>> {
  const key = pingNotesKey(name)
  const stored = await getJson<Stored<Note>>(store, key).catch((error: unknown) => {
    // Not JSON: the next `save` replaces it.
    if (error instanceof SyntaxError) return undefined
    throw error
  })
  const notes = new Map(stored?.form === 1 ? Object.entries(stored.notes) : [])
  let written = new Map(notes)

  return {
    notes,
    async save (open) {
      for (const id of notes.keys()) if (!open.has(id)) notes.delete(id)
      const isSame = notes.size === written.size && [...notes].every(([id, note]) => written.get(id) === note)
      if (isSame) return
      await putJson(store, key, { form: 1, notes: Object.fromEntries(notes) } satisfies Stored<Note>)
      written = new Map(notes)
    }
  }
}
