import t from 'tap'
import { oidcCaller } from '../../../shared/access/oidc-caller.ts'

await t.test('the scopes of a token are in scope or scp, as a string or as an array', (t) => {
  for (
    const [claims, scopes] of [
      [{}, []],
      [{ scope: 'openid profile' }, []],
      [{ scope: 'openid jobs:read' }, ['jobs:read']],
      [{ scp: 'jobs:write jobs:read' }, ['jobs:read', 'jobs:write']],
      [{ scp: ['jobs:write', 'email'] }, ['jobs:write']],
      [{ scope: 'jobs:read', scp: ['admin'] }, ['jobs:read', 'admin']],
      [{ scope: 'ADMIN administrator jobs:readx x:admin jobs:read,admin' }, []],
      [{ scope: { admin: true }, scp: [1, null, ['admin']] }, []]
    ] as const
  ) t.strictSame([...oidcCaller({ sub: 'a', ...claims }).scopes], scopes, JSON.stringify(claims))
  t.end()
})

await t.test('every subject has its own owner name, which fits into a tag and differs from every owner of an API key', (t) => {
  const subjects = [
    'alice',
    'Alice',
    'oidc:alice',
    'a b',
    'a=20b',
    'a=b',
    'a%20b',
    'auth0|alice',
    'größe',
    'gr',
    'https://issuer.example.org/alice',
    'system:serviceaccount:a:b',
    'alice@example.org',
    '\n',
    '😀',
    'x'.repeat(123),
    'x'.repeat(124),
    'x'.repeat(125),
    'ü'.repeat(100),
    `sha256:${'a'.repeat(64)}`,
    '-sha256:a'
  ]
  const owners = subjects.map((sub) => oidcCaller({ sub }).owner!)
  t.equal(new Set(owners).size, subjects.length)
  for (const owner of owners) t.match(owner, /^oidc(-sha256)?:[A-Za-z0-9._:@/+=-]{1,128}$/)
  t.ok(owners.every(({ length }) => length <= 128))
  t.strictSame(owners.slice(0, 5), ['oidc:alice', 'oidc:Alice', 'oidc:oidc:alice', 'oidc:a=20b', 'oidc:a=3d20b'])
  t.end()
})
