import { JOURNAL_PAGE, type JournalEntry } from '../../shared/results/journal-entry.ts'
import { listDigest } from '../../shared/results/list-digest.ts'
import type { Ask } from './ask-service.ts'

export interface Content {
  size: number
  sha256: string
}

export interface Journal {
  /** Notes that a file is stored with these bytes. */
  set: (name: string, content: Content) => void
  /** Notes that there is no such file any more. */
  remove: (name: string) => void
  names: () => Iterable<string>
  /** The files, and their bytes. */
  counts: () => { files: number, bytes: number }
  /** Tells this list from any other. */
  digest: () => string
  /** Tells result-upload what has been noted. */
  flush: (signal?: AbortSignal) => Promise<void>
  /** Begins anew, after result-upload turned out to have something else. */
  rewrite: () => void
  /**
   * The digests that were those of a file and are no longer, also at the last call: a file that is only renamed has its
   * new name soon, and need not be sent again.
   */
  takeUnused: () => string[]
}

/** The list of the files that are stored, page by page, as result-upload keeps it. */
export function openJournal (ask: Ask): Journal {
  const files = new Map<string, Content>()
  const users = new Map<string, number>()
  const unused = new Set<string>()
  let waiting = new Set<string>()
  let bytes = 0
  let page = 0
  let entries: JournalEntry[] = []
  let isTold = true

  function note (entry: JournalEntry): void {
    entries.push(entry)
    isTold = false
  }
  function use (sha256: string, by: 1 | -1): void {
    const count = (users.get(sha256) ?? 0) + by
    users.set(sha256, count)
    if (count > 0) {
      unused.delete(sha256)
      return
    }
    users.delete(sha256)
    unused.add(sha256)
  }
  function forget (name: string): void {
    const before = files.get(name)
    if (before === undefined) return
    files.delete(name)
    bytes -= before.size
    use(before.sha256, -1)
  }

  function rewrite (): void {
    page = 0
    entries = [...files].map(([name, content]) => ({ name, ...content }))
    isTold = false
  }

  return {
    set (name, { size, sha256 }) {
      const before = files.get(name)
      if (before?.sha256 === sha256 && before.size === size) return
      use(sha256, 1)
      forget(name)
      files.set(name, { size, sha256 })
      bytes += size
      note({ name, size, sha256 })
    },
    remove (name) {
      if (!files.has(name)) return
      forget(name)
      note({ name, gone: true })
    },
    names: () => files.keys(),
    counts: () => ({ files: files.size, bytes }),
    digest: () => listDigest([...files].map(([name, content]) => ({ name, ...content }))),
    async flush (signal) {
      // Of files that change again and again, the entries pile up.
      if (page * JOURNAL_PAGE + entries.length > 2 * (files.size + 2 * JOURNAL_PAGE)) rewrite()
      while (!isTold) {
        const told = entries.slice(0, JOURNAL_PAGE)
        const content = { page, entries: told, files: files.size, bytes }
        const { status, body } = await ask('POST', 'journal', content, signal)
        if (status !== 204) throw new Error(`result-upload does not take the journal: ${body.detail}`)
        if (told.length === JOURNAL_PAGE) {
          page++
          entries = entries.slice(JOURNAL_PAGE)
        }
        isTold = told.length < JOURNAL_PAGE
      }
    },
    rewrite,
    takeUnused () {
      const taken = [...waiting].filter((sha256) => unused.has(sha256))
      for (const sha256 of taken) unused.delete(sha256)
      waiting = new Set(unused)
      return taken
    }
  }
}
