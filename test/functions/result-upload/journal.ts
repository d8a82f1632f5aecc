import t, { type Test } from 'tap'
import { listDigest } from '../../../shared/results/list-digest.ts'
import type { ResultEntry } from '../../../shared/results/result-entry.ts'
import { listResults } from '../../../shared/results/results.ts'
import { journalPageKey } from '../../../shared/store/bucket-layout.ts'
import { headObject } from '../../../shared/store/object-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { newRecord } from '../../support/new-record.ts'
import { putContents } from '../../support/put-results.ts'
import { uploadServer } from '../../support/upload-server.ts'

const body = Buffer.from('the same in all files')
const content = contentOf(body)

async function start (t: Test) {
  const server = await uploadServer(t)
  await putContents(server.store, server, { any: body })
  const write = async (page: number, entries: object[], files: number): Promise<void> => {
    const { status } = await server.ask('journal', { page, entries, files, bytes: files * body.length })
    if (status !== 204) throw new Error(`the journal is not taken: ${status}`)
  }
  const list = async (page: { after?: string, limit: number }) =>
    await listResults(server.store, newRecord({ job_uuid: server.id, attempt: server.attempt }), page)
  const done = async (names: string[]) => await server.ask('done', {
    files: names.length,
    bytes: names.length * body.length,
    list_sha256: listDigest(named(names)),
    complete: true,
    left_out: [],
    left_out_count: 0
  })
  return { ...server, write, list, done }
}

const named = (names: string[]): ResultEntry[] => names.map((name) => ({ name, ...content }))
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `f ${String(from + at).padStart(5, '0')}`)

await t.test('the last entry of a name counts, also over pages', async (t) => {
  const { write, published, done, store, id, attempt } = await start(t)
  await write(0, [...named(['gone', 'back', ...numbered(0, 497)]), { name: 'back', gone: true }], 498)
  t.ok(await headObject(store, journalPageKey(id, attempt, 0)), 'a full page stays')
  await write(1, [{ name: 'gone', gone: true }, ...named(['back'])], 498)
  t.same(Object.keys(await published()), ['back', ...numbered(0, 497)])
  t.same((await done(['back', ...numbered(0, 497)])).body, { state: 'finished' })
  t.same(Object.keys(await published()), ['back', ...numbered(0, 497)])
})

await t.test('a page after a gap is refused, so that the journal stays readable', async (t) => {
  const { ask, write, published } = await start(t)
  await write(0, named(['a']), 1)
  const { status, body } = await ask('journal', { page: 1, entries: [], files: 1, bytes: 1 })
  t.match({ status, body }, { status: 422, body: { type: 'urn:gx4ki:problem:upload-refused' } })
  t.same(Object.keys(await published()), ['a'])
})

await t.test('a page that is not full is written anew', async (t) => {
  const { write, published } = await start(t)
  await write(0, named(['a']), 1)
  await write(0, named(['a', 'b']), 2)
  await write(0, named(['a', 'b']), 2)
  t.same(Object.keys(await published()), ['a', 'b'])
})

await t.test('a journal that begins anew leaves nothing of the old one', async (t) => {
  const { write, published } = await start(t)
  await write(0, named(numbered(0, 500)), 500)
  await write(1, named(['on the second page']), 501)
  await write(0, named(['new']), 1)
  t.same(Object.keys(await published()), ['new'])
})

await t.test('thousands of files are listed whole, before the manifest and after it', async (t) => {
  const { write, list, done, manifest, published } = await start(t)
  // Out of order, and in the second thousand a name that is first by code point and last by UTF-16.
  const names = [...numbered(0, 2499).reverse(), 'z \u{1f600}', 'z \uff5e']
  const sorted = [...numbered(0, 2499), 'z \uff5e', 'z \u{1f600}']
  for (let page = 0; page * 500 < names.length; page++) {
    const upTo = Math.min(names.length, page * 500 + 500)
    await write(page, named(names.slice(page * 500, upTo)), upTo)
  }

  async function walk (limit: number): Promise<string[]> {
    const found: string[] = []
    for (let more = true; more;) {
      const after = found.at(-1)
      const page = await list({ limit, ...(after !== undefined && { after }) })
      found.push(...page.files.map(({ name }) => name))
      more = page.more
    }
    return found
  }
  t.same(await walk(1000), sorted)
  t.same((await done(names)).body, { state: 'finished' })
  const written = (await manifest())!
  t.equal(written.entries.length, 1000)
  t.same(written.pages, [sorted[0], sorted[1000], sorted[2000]])
  for (const limit of [1000, 999, 5000]) t.same(await walk(limit), sorted)
  t.same(Object.keys(await published()), sorted)
})
