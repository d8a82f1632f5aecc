import t from 'tap'
import type { Ask } from '../../../jobs/uploader/ask-service.ts'
import { openJournal } from '../../../jobs/uploader/journal.ts'
import { JOURNAL_PAGE, type JournalEntry } from '../../../shared/results/journal-entry.ts'
import { mergeJournal } from '../../../shared/results/journal.ts'

const content = (text: string): { size: number, sha256: string } => ({ size: text.length, sha256: text })

/** Keeps pages as result-upload does. */
function service () {
  const pages: JournalEntry[][] = []
  let counts = { files: 0, bytes: 0 }
  let requests = 0
  let lost = false
  const ask: Ask = async (_method, _route, body) => {
    requests++
    const { page, entries, ...told } = body as { page: number, entries: JournalEntry[], files: number, bytes: number }
    if (entries.length > JOURNAL_PAGE || page > pages.length) return { status: 400, body: { detail: 'wrong page' } }
    pages.length = page
    pages.push(entries)
    counts = told
    if (lost) throw new Error('the answer is lost')
    return { status: 204, body: undefined }
  }
  return {
    ask,
    files: (): Record<string, string> =>
      Object.fromEntries(mergeJournal(pages.flat()).map(({ name, sha256 }) => [name, sha256])),
    counts: () => counts,
    pages: () => pages.length,
    requests: () => requests,
    loseAnswers: (on: boolean) => { lost = on }
  }
}

await t.test('the service has what was noted, over any number of pages', async (t) => {
  for (const count of [0, 1, JOURNAL_PAGE - 1, JOURNAL_PAGE, JOURNAL_PAGE + 1, 2 * JOURNAL_PAGE, 1700]) {
    const { ask, files, counts } = service()
    const journal = openJournal(ask)
    const expected: Record<string, string> = {}
    for (let at = 0; at < count; at++) {
      journal.set(`f${at}`, content(`c${at % 10}`))
      expected[`f${at}`] = `c${at % 10}`
      if (at % 300 === 0) await journal.flush()
    }
    await journal.flush()
    t.same(files(), expected, `${count} files`)
    t.same(counts(), { files: count, bytes: 2 * count })
  }
})

await t.test('what has not changed is not told again', async (t) => {
  const { ask, requests } = service()
  const journal = openJournal(ask)
  journal.set('a', content('x'))
  await journal.flush()
  journal.set('a', content('x'))
  journal.remove('b')
  await journal.flush()
  t.equal(requests(), 1)
})

await t.test('files that change and go are counted as they are', async (t) => {
  const { ask, files, counts } = service()
  const journal = openJournal(ask)
  journal.set('a', content('x'))
  journal.set('b', content('xx'))
  await journal.flush()
  journal.set('a', content('yyyy'))
  journal.remove('b')
  journal.set('c', content('xx'))
  journal.remove('c')
  await journal.flush()
  t.same(files(), { a: 'yyyy' })
  t.same(counts(), { files: 1, bytes: 4 })
  t.same([...journal.names()], ['a'])
})

await t.test('contents are unused when no file has them any more', async (t) => {
  const journal = openJournal(service().ask)
  journal.set('a', content('x'))
  journal.set('b', content('x'))
  journal.set('c', content('y'))
  journal.remove('a')
  journal.set('c', content('z'))
  t.same(journal.takeUnused(), [], 'a file that was renamed may have y in a moment')
  t.same(journal.takeUnused(), ['y'], 'x is that of b')
  journal.remove('b')
  t.same(journal.takeUnused(), [])
  journal.set('d', content('x'))
  t.same(journal.takeUnused(), [], 'x is that of d')
  t.same(journal.takeUnused(), [])
  journal.set('d', content('z'))
  t.same([...journal.takeUnused(), ...journal.takeUnused()], ['x'])
  t.same([...journal.takeUnused(), ...journal.takeUnused()], [], 'once')
})

await t.test('after a lost answer the same page is told again', async (t) => {
  const { ask, files, loseAnswers, counts } = service()
  const journal = openJournal(ask)
  for (let at = 0; at < 1200; at++) {
    journal.set(`f${at}`, content('x'))
    if (at % 400 !== 0) continue
    loseAnswers(true)
    await t.rejects(journal.flush())
    loseAnswers(false)
    await journal.flush()
  }
  await journal.flush()
  t.equal(Object.keys(files()).length, 1200)
  t.same(counts(), { files: 1200, bytes: 1200 })
})

await t.test('a journal that is written anew has all files and nothing else', async (t) => {
  const one = service()
  const journal = openJournal(async (...what) => await told.ask(...what))
  let told = one
  for (let at = 0; at < 700; at++) journal.set(`f${at}`, content('x'))
  for (let at = 0; at < 100; at++) journal.remove(`f${at}`)
  await journal.flush()
  told = service()
  journal.rewrite()
  await journal.flush()
  t.same(told.files(), one.files())
  t.equal(told.pages(), 2)
})

await t.test('files that change again and again do not make the journal long', async (t) => {
  const { ask, files, pages } = service()
  const journal = openJournal(ask)
  let most = 0
  for (let at = 0; at < 20_000; at++) {
    journal.set(`f${at % 10}`, content(`c${at}`))
    if (at % 50 === 0) await journal.flush()
    most = Math.max(most, pages())
  }
  await journal.flush()
  t.equal(files()['f9'], 'c19999')
  t.ok(most <= 5, `${most} pages at most`)
})

await t.test('a service that does not take the journal is an error', async (t) => {
  const journal = openJournal(async () => ({ status: 422, body: { detail: 'it is too late' } }))
  journal.set('a', content('x'))
  await t.rejects(journal.flush(), { message: 'result-upload does not take the journal: it is too late' })
})
