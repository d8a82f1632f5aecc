import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { idOfKey, newApiKey } from '../../../shared/access/api-key.ts'
import { apiKeysIn } from '../../../shared/access/api-keys-in.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { refusal } from '../../support/refusal.ts'

const { id, key, sha256 } = newApiKey()
const good = { owner: 'alice', scopes: ['jobs:read'], sha256 }

/** The keys of a folder, and the reports about refused files. */
function keysOf (t: Test, files: Record<string, string>) {
  const folder = t.testdir(files)
  const told: string[] = []
  return { folder, told, callerWith: apiKeysIn(folder, (file, reason) => told.push(`${file}: ${reason}`)) }
}

await t.test('a key is long, random and contains its id; a malformed key has no id', async (t) => {
  t.match(key, /^gx4ki_[0-9a-f]{12}_[\w-]{43}$/)
  t.equal(idOfKey(key), id)
  t.match(sha256, /^[0-9a-f]{64}$/)
  const many = Array.from({ length: 1000 }, newApiKey)
  for (const part of ['id', 'key', 'sha256'] as const) t.equal(new Set(many.map((one) => one[part])).size, 1000)
  for (
    const no of ['', 'gx4ki_', `${key}x`, ` ${key}`, key.replace(id, '../../passwd'), key.toUpperCase(), `${key}\n`]
  ) t.equal(idOfKey(no), undefined, no)
})

await t.test('a key identifies the caller that its file names', async (t) => {
  const { told, callerWith } = keysOf(t, { [id]: JSON.stringify(good) })
  t.strictSame(callerWith(key), { owner: 'alice', scopes: new Set(['jobs:read']) })
  for (
    const wrong of [
      newApiKey().key,
      key.slice(0, -1) + (key.endsWith('A') ? 'Q' : 'A'),
      key.slice(0, -1),
      `${key}x`,
      sha256,
      id,
      ''
    ]
  ) t.equal(callerWith(wrong), undefined, wrong)
  t.strictSame(told, [])
})

await t.test('a wrong file is reported once, by name and without its content, and does not affect other files', async (t) => {
  const ids = Array.from({ length: 9 }, () => newApiKey().id)
  const wrong = [
    [key, /it is not JSON/],
    ['[]', /it must be object/],
    [JSON.stringify({ ...good, sha256: key }), /sha256 must match/],
    [JSON.stringify({ ...good, sha256: sha256.toUpperCase() }), /sha256 must match/],
    [JSON.stringify({ ...good, scopes: [] }), /scopes must NOT have fewer/],
    [JSON.stringify({ ...good, scopes: ['root'] }), /scopes\.0 must be equal to one of the allowed values/],
    [JSON.stringify({ ...good, owner: 'oidc:alice' }), /owner must match/],
    [JSON.stringify({ ...good, owner: '' }), /owner must match/],
    [JSON.stringify({ ...good, owners: 'alice' }), /owners is not one of owner, scopes, sha256/]
  ] as const
  const { told, callerWith } = keysOf(t, {
    alice: JSON.stringify(good),
    ...Object.fromEntries(wrong.map(([text], i) => [ids[i]!, text])),
    [id]: JSON.stringify(good)
  })
  t.match(callerWith(key), { owner: 'alice' })
  for (const wrongId of ids) t.equal(callerWith(key.replace(id, wrongId)), undefined)
  t.equal(told.length, wrong.length + 1, 'once')
  t.match(told.find((line) => line.startsWith('alice: ')), 'its name must be the id of a key')
  for (const [i, [, reason]] of wrong.entries()) t.match(told.find((line) => line.startsWith(ids[i]!)), reason)
  t.notOk(told.some((line) => line.includes(key)))
})

await t.test('an added, changed or removed file takes effect at once, also behind the links of a mounted Secret', async (t) => {
  const folder = t.testdir({
    '..first': { [id]: JSON.stringify(good) },
    '..data': t.fixture('symlink', '..first'),
    [id]: t.fixture('symlink', `..data/${id}`)
  })
  const told: string[] = []
  const callerWith = apiKeysIn(folder, (file, reason) => told.push(`${file}: ${reason}`))
  t.match(callerWith(key), { owner: 'alice' })
  const change = (name: string, files: Record<string, string>): void => {
    mkdirSync(join(folder, name))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text)
    symlinkSync(name, join(folder, '..next'))
    renameSync(join(folder, '..next'), join(folder, '..data'))
  }
  change('..second', { [id]: JSON.stringify({ ...good, owner: 'bob' }) })
  t.match(callerWith(key), { owner: 'bob' })
  for (const name of ['..third', '..fourth']) {
    change(name, { [id]: 'hello' })
    t.equal(callerWith(key), undefined)
  }
  t.strictSame(told, [`${id}: it is not JSON`])
  change('..fifth', { [id]: JSON.stringify(good) })
  t.match(callerWith(key), { owner: 'alice' })
  change('..sixth', {})
  t.equal(callerWith(key), undefined)
})

await t.test('a missing folder makes the start fail', async (t) => {
  t.throws(() => apiKeysIn(join(t.testdir(), 'none'), () => {}), /none/)
})

await t.test('a key file that cannot be read is a 503, not a wrong key', async (t) => {
  const { folder, add } = apiKeyFolder(t)
  const callerWith = apiKeysIn(folder, () => {})
  t.match(callerWith(add('alice', 'admin')), { owner: 'alice' })
  mkdirSync(join(folder, id))
  t.throws(() => callerWith(key), refusal(503, 'credentials-unavailable'))
})
