import { randomUUID } from 'node:crypto'
import t from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import * as layout from '../../../shared/store/bucket-layout.ts'

const { countedKey, expiryKey, jobOfKey, markerKey, stateKey } = layout

await t.test('the id of a job is read back from the keys that are listed', async (t) => {
  for (let round = 0; round < 20; round++) {
    const id = newJobId()
    t.equal(jobOfKey(stateKey(id)), id)
    t.equal(jobOfKey(markerKey(id)), id)
    t.equal(jobOfKey(countedKey('alice', id)), id)
    t.equal(jobOfKey(expiryKey(new Date().toISOString(), id)), id)
    t.equal(jobOfKey(layout.ownerListKey('alice', 'any', id)), id)
  }
})

/** Keys of all kinds, of two jobs with two attempts each. */
function someKeys (): Record<string, string[]> {
  const keys: Record<string, string[]> = {}
  const digests = ['0'.repeat(64), 'f'.repeat(64)]
  const at = ['2026-01-01T00:00:00.000Z', '2026-12-31T23:59:59.999Z']
  const ids = [newJobId(new Date(0)), newJobId()]
  const attempts = [randomUUID(), randomUUID()]
  const [owner, state] = [['alice', 'oidc:größer/als 7'], ['any', 'failed', 'succeeded']]
  for (const [name, make] of Object.entries(layout) as [string, (...parts: unknown[]) => string][]) {
    if (!name.endsWith('Key') || name === 'jobOfKey') continue
    const parts = kinds[name]
    if (parts === undefined) throw new Error(`this test does not know the parts of ${name}`)
    const values = {
      id: ids,
      attempt: attempts,
      digest: digests,
      at,
      page: [0, 1, 9, 10, 11, 100],
      name: ['deploy', 'job-completed'],
      owner,
      state
    }
    let lists: unknown[][] = [[]]
    for (const part of parts) lists = lists.flatMap((list) => values[part].map((value) => [...list, value]))
    keys[name] = lists.map((list) => make(...list))
  }
  return keys
}

const kinds: Record<string, ('id' | 'attempt' | 'digest' | 'at' | 'page' | 'name' | 'owner' | 'state')[]> = {
  stateKey: ['id'],
  markerKey: ['id'],
  pingNotesKey: ['name'],
  countedKey: ['digest', 'id'],
  idempotencyKey: ['digest'],
  contentKey: ['id', 'attempt', 'digest'],
  journalKey: ['id', 'attempt'],
  journalPageKey: ['id', 'attempt', 'page'],
  manifestKey: ['id', 'attempt'],
  manifestPageKey: ['id', 'attempt', 'page'],
  multipartKey: ['id', 'attempt', 'digest'],
  progressKey: ['id'],
  logKey: ['id'],
  expiryKey: ['at', 'id'],
  deadLetterKey: ['at', 'digest'],
  stateListKey: ['state', 'id'],
  ownerListKey: ['owner', 'state', 'id']
}

await t.test('every key is a different one, of plain characters, and below a prefix that is looked through', async (t) => {
  const keys = Object.values(someKeys()).flat()
  t.equal(new Set(keys).size, keys.length)
  const prefixes = Object.entries(layout).filter(([name]) => name.endsWith('_PREFIX')).map(([, prefix]) => prefix)
  for (const key of keys) {
    t.match(key, /^[0-9A-Za-z.:/-]+$/)
    t.ok(key.length < 200)
    t.equal(prefixes.filter((prefix) => key.startsWith(String(prefix))).length, 1, key)
  }
})

await t.test('no key is where a store lists wrongly', async (t) => {
  const keys = Object.values(someKeys()).flat()
  const folders = new Set(keys.flatMap((key) => {
    const parts = key.split('/')
    return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'))
  }))
  for (const key of keys) {
    // MinIO: with a folder `a/`, and a key such as `a.json`, a listing that begins within the folder may end early.
    const beside = [...folders].filter((folder) => key.startsWith(folder) && key.charAt(folder.length) < '/')
    t.strictSame(beside, [], key)
    // SeaweedFS: what lies below is stored and served, but never listed.
    t.notOk(key.split('/').some((part) => /\.(versions|uploads)$/.test(part)), key)
    // SeaweedFS: an object cannot be put where a folder is.
    t.notOk(folders.has(key), key)
  }
})
