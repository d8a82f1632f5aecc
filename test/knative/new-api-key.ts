import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { apiKeysIn } from '../../shared/access/api-keys-in.ts'

const run = (env: Record<string, string>) =>
  spawnSync(process.execPath, ['knative/new-api-key.ts'], { env, encoding: 'utf8' })

/** The patches in the printed commands. */
const patches = (output: string) =>
  [...output.matchAll(/^ {2}kubectl patch secret gx4ki-api-keys -n gx4ki --type merge -p '([^']+)'$/gm)].map((
    [, patch]
  ) => JSON.parse(patch!) as { stringData?: Record<string, string>, data?: object })

await t.test('the printed command admits the printed key', (t) => {
  for (
    const [env, owner, scopes] of [
      [{ OWNER: 'alice' }, 'alice', ['jobs:read', 'jobs:write']],
      [{ OWNER: 'bob@example.org', SCOPES: 'admin,jobs:read' }, 'bob@example.org', ['admin', 'jobs:read']]
    ] as const
  ) {
    const { status, stdout } = run(env)
    t.equal(status, 0)
    const [key, ...more] = stdout.match(/gx4ki_[\w-]+/g)!
    t.same(more, [], 'the key is printed once')
    const [add, remove] = patches(stdout)
    const [[id, entry]] = Object.entries(add!.stringData!) as [[string, string]]
    t.same(remove, { data: { [id]: null } })
    const folder = t.testdir()
    writeFileSync(join(folder, id), entry)
    t.strictSame(
      apiKeysIn(folder, (file) => {
        t.fail(file)
      })(key!),
      { owner, scopes: new Set(scopes) }
    )
  }
  t.end()
})

await t.test('an invalid owner or scope makes no key', (t) => {
  for (
    const [env, reason] of [[{}, /owner/], [{ OWNER: 'a:b' }, /owner must match/], [
      { OWNER: 'a', SCOPES: 'root' },
      /scopes\.0 must be equal/
    ]] as const
  ) {
    const { status, stdout, stderr } = run(env)
    t.equal(status, 1)
    t.equal(stdout, '')
    t.match(stderr, reason)
    t.match(stderr, /^Usage: make api-key/m)
  }
  t.end()
})
