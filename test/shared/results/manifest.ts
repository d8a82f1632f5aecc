import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { allEntries, entriesAfter, entryOf, readManifest, writeManifest } from '../../../shared/results/manifest.ts'
import { byName, type ResultEntry } from '../../../shared/results/result-entry.ts'
import { manifestPageKey } from '../../../shared/store/bucket-layout.ts'
import { getJson } from '../../../shared/store/json-object.ts'
import { removeObject } from '../../../shared/store/object-store.ts'
import { allOf } from '../../support/all-of.ts'
import { testStore } from '../../support/store.ts'

const digest = (n: number): string => n.toString(16).padStart(64, '0')

/** So many files, in order. Their names are not in the order of UTF-16 units. */
function entriesOf (count: number): ResultEntry[] {
  const folders = ['a', 'a-b', 'a.b', 'a/b', 'ü', '\uffee', '🚗', '']
  return Array.from({ length: count }, (_, n) => ({
    name: `${folders[n % folders.length]}/${String(n).padStart(5, '0')}`.replace(/^\//, ''),
    size: n,
    sha256: digest(n)
  })).sort(byName)
}

async function written (t: Test, entries: ResultEntry[]) {
  const store = await testStore(t)
  const place = { id: newJobId(), attempt: randomUUID() }
  await writeManifest(store, place.id, place.attempt, {
    files: entries.length,
    bytes: 7,
    complete: true,
    left_out: [{ name: 'x', reason: 'y' }],
    left_out_count: 1,
    at: '2026-01-01T00:00:00.000Z'
  }, entries)
  return { store, place, manifest: (await readManifest(store, place.id, place.attempt))! }
}

for (const count of [0, 1, 1000, 1001, 2500]) {
  await t.test(`a manifest of ${count} files gives them back in pages of any size`, async (t) => {
    const entries = entriesOf(count)
    const { store, place, manifest } = await written(t, entries)
    t.match(manifest, {
      files: count,
      bytes: 7,
      complete: true,
      left_out: [{ name: 'x', reason: 'y' }],
      left_out_count: 1,
      at: '2026-01-01T00:00:00.000Z'
    })
    t.equal(manifest.pages.length, Math.ceil(count / 1000))
    t.strictSame(await allOf(allEntries(store, place, manifest)), entries)
    for (const limit of [1000, 999, 700, count || 1, count + 1]) {
      const found: ResultEntry[] = []
      let after: string | undefined
      for (let more = true; more;) {
        const page = await entriesAfter(store, place, manifest, { after, limit })
        t.ok(page.entries.length <= limit)
        t.ok(!page.more || page.entries.length === limit, 'a page before the last one is full')
        found.push(...page.entries)
        after = page.entries.at(-1)?.name
        more = page.more
      }
      t.strictSame(found, entries, `in pages of ${limit}`)
    }
  })
}

await t.test('a page begins after a name, whether there is a file of that name or not', async (t) => {
  const entries = entriesOf(2500)
  const { store, place, manifest } = await written(t, entries)
  const names = entries.map(({ name }) => name)
  const after = async (cursor: string, limit = 2): Promise<{ entries: ResultEntry[], more: boolean }> =>
    await entriesAfter(store, place, manifest, { after: cursor, limit })
  t.strictSame(await after('\u0001'), { entries: entries.slice(0, 2), more: true }, 'before the first')
  for (const at of [0, 500, 998, 999, 1000, 1999, 2000, 2497]) {
    const rest = { entries: entries.slice(at + 1, at + 3), more: at + 3 < entries.length }
    t.strictSame(await after(names[at]!), rest, `after file ${at}`)
    // Between this file and the next one.
    t.strictSame(await after(`${names[at]}\u0001`), rest, `after a name behind file ${at}`)
  }
  t.strictSame(await after(names[2498]!), { entries: entries.slice(2499), more: false })
  t.strictSame(await after(names[2499]!), { entries: [], more: false }, 'after the last')
  t.strictSame(await after('\u{10ffff}'), { entries: [], more: false })
  t.strictSame(await after('\uffff', 1), {
    entries: [entries.find(({ name }) => name.startsWith('🚗'))!],
    more: true
  }, 'an emoji comes after all names in U+E000 to U+FFFF')
})

await t.test('a file is found by its name on every page, and no other file', async (t) => {
  const entries = entriesOf(2500)
  const { store, place, manifest } = await written(t, entries)
  for (const at of [0, 1, 999, 1000, 1001, 1999, 2000, 2499]) {
    t.strictSame(await entryOf(store, place, manifest, entries[at]!.name), entries[at])
    t.equal(await entryOf(store, place, manifest, `${entries[at]!.name}0`), undefined)
  }
  for (const name of ['\u0001', '\u{10ffff}', 'a', 'a/']) {
    t.equal(await entryOf(store, place, manifest, name), undefined)
  }
  const empty = await written(t, [])
  t.equal(await entryOf(empty.store, empty.place, empty.manifest, 'a'), undefined)
})

await t.test('a missing page is an error and never a shorter list', async (t) => {
  const entries = entriesOf(2500)
  const { store, place, manifest } = await written(t, entries)
  const lost = manifestPageKey(place.id, place.attempt, 1)
  t.equal((await getJson<ResultEntry[]>(store, lost))?.length, 1000)
  await removeObject(store, lost)
  const message = `a page of the manifest is gone: ${lost}`
  t.strictSame((await entriesAfter(store, place, manifest, { limit: 999 })).entries, entries.slice(0, 999))
  await t.rejects(entriesAfter(store, place, manifest, { limit: 1000 }), { message })
  await t.rejects(entriesAfter(store, place, manifest, { after: entries[1500]!.name, limit: 1 }), { message })
  await t.rejects(entryOf(store, place, manifest, entries[1500]!.name), { message })
  t.strictSame(await entryOf(store, place, manifest, entries[2400]!.name), entries[2400])
  const seen: ResultEntry[] = []
  await t.rejects((async () => {
    for await (const entry of allEntries(store, place, manifest)) seen.push(entry)
  })(), { message })
  t.equal(seen.length, 1000)
})

await t.test('an attempt without a manifest has none', async (t) => {
  t.equal(await readManifest(await testStore(t), newJobId(), randomUUID()), undefined)
})
