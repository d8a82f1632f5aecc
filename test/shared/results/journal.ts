import { randomUUID } from 'node:crypto'
import t from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { JOURNAL_PAGE, type JournalEntry } from '../../../shared/results/journal-entry.ts'
import { mergeJournal, readJournal, readJournalHead, writeJournal } from '../../../shared/results/journal.ts'
import type { ResultEntry } from '../../../shared/results/result-entry.ts'
import { journalPageKey } from '../../../shared/store/bucket-layout.ts'
import { removeObject } from '../../../shared/store/object-store.ts'
import { testStore } from '../../support/store.ts'

const digest = (n: number): string => n.toString(16).padStart(64, '0')
const file = (name: string, n = 0): ResultEntry => ({ name, size: n, sha256: digest(n) })
const gone = (name: string): JournalEntry => ({ name, gone: true })

/** Files with numbers for names, in order. */
const numbered = (from: number, to: number): ResultEntry[] =>
  Array.from({ length: to - from }, (_, i) => file(String(from + i).padStart(6, '0'), from + i))

await t.test('the last entry of a name counts, and the files are in order', async (t) => {
  t.strictSame(mergeJournal([]), [])
  t.strictSame(mergeJournal([file('b'), file('🚗'), file('\uffee'), file('a')]), [
    file('a'),
    file('b'),
    file('\uffee'),
    file('🚗')
  ])
  t.strictSame(mergeJournal([file('a', 1), file('b', 1), file('a', 2)]), [file('a', 2), file('b', 1)], 'replaced')
  t.strictSame(mergeJournal([file('a', 1), file('b', 1), gone('a')]), [file('b', 1)], 'removed')
  t.strictSame(mergeJournal([file('a', 1), gone('a'), file('a', 3)]), [file('a', 3)], 'removed and there again')
  t.strictSame(mergeJournal([gone('a'), gone('b'), file('b', 1)]), [file('b', 1)], 'never there')
  t.strictSame(mergeJournal([file('a', 1), gone('a'), file('b', 1)]), [file('b', 1)], 'renamed')
})

await t.test('the journal grows page by page, and later pages change what earlier pages say', async (t) => {
  const store = await testStore(t)
  const [id, attempt] = [newJobId(), randomUUID()]
  t.equal(await readJournalHead(store, id, attempt), undefined)
  t.strictSame(await readJournal(store, id, attempt), [])

  const all = numbered(0, 2 * JOURNAL_PAGE)
  for (let page = 0; page < 2; page++) {
    const these = all.slice(page * JOURNAL_PAGE, (page + 1) * JOURNAL_PAGE)
    // The newest page is written again each time that it grows.
    for (const count of [1, 17, JOURNAL_PAGE]) {
      const files = page * JOURNAL_PAGE + count
      await writeJournal(store, id, attempt, { page, files, bytes: files, entries: these.slice(0, count) })
      t.strictSame(await readJournal(store, id, attempt), all.slice(0, files), `${files} files`)
      t.match(await readJournalHead(store, id, attempt), { files, bytes: files })
    }
  }
  const files = 2 * JOURNAL_PAGE
  const head = { files, bytes: files, page: 2, entries: [] }
  t.strictSame(await readJournalHead(store, id, attempt), head, 'the head is empty after a full page')

  await writeJournal(store, id, attempt, {
    page: 2,
    files: 2 * JOURNAL_PAGE - 1,
    bytes: 0,
    entries: [gone('000000'), file('000001', 4711), file('later', 1), gone('000999'), gone('later'), file('!first', 1)]
  })
  t.strictSame(await readJournal(store, id, attempt), [
    file('!first', 1),
    file('000001', 4711),
    ...all.slice(2, 999)
  ])
})

await t.test('a restarted uploader begins its journal anew, and pages of the earlier one do not count', async (t) => {
  const store = await testStore(t)
  const [id, attempt] = [newJobId(), randomUUID()]
  const old = numbered(0, 2 * JOURNAL_PAGE)
  for (const page of [0, 1]) {
    const entries = old.slice(page * JOURNAL_PAGE, (page + 1) * JOURNAL_PAGE)
    await writeJournal(store, id, attempt, { page, files: 0, bytes: 0, entries })
  }
  await writeJournal(store, id, attempt, { page: 0, files: 1, bytes: 1, entries: [file('new', 1)] })
  t.strictSame(await readJournal(store, id, attempt), [file('new', 1)])
  const full = numbered(5000, 5000 + JOURNAL_PAGE)
  await writeJournal(store, id, attempt, { page: 0, files: JOURNAL_PAGE, bytes: 0, entries: full })
  t.strictSame(await readJournal(store, id, attempt), full)
  await writeJournal(store, id, attempt, { page: 1, files: JOURNAL_PAGE + 1, bytes: 0, entries: [file('z', 1)] })
  t.strictSame(await readJournal(store, id, attempt), [...full, file('z', 1)])
  t.strictSame(await readJournal(store, id, randomUUID()), [], 'another attempt has its own')
})

await t.test('a missing page is an error and never a shorter list', async (t) => {
  const store = await testStore(t)
  const [id, attempt] = [newJobId(), randomUUID()]
  for (const page of [0, 1]) {
    const entries = numbered(page * JOURNAL_PAGE, (page + 1) * JOURNAL_PAGE)
    await writeJournal(store, id, attempt, { page, files: 0, bytes: 0, entries })
  }
  const lost = journalPageKey(id, attempt, 0)
  await removeObject(store, lost)
  await t.rejects(readJournal(store, id, attempt), { message: `a page of the journal is gone: ${lost}` })
})
