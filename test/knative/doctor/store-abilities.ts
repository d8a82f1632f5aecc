import t from 'tap'
import { presignWith } from '../../../functions/result-upload/presign.ts'
import { storeAbilities } from '../../../knative/doctor/in-cluster/store-abilities.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { keysOf } from '../../support/deploy-server.ts'
import { faultProxy } from '../../support/fault-proxy.ts'
import { testStore } from '../../support/store.ts'

/** What one store has and another has not, and jobs can do without. */
const OPTIONAL = ['store: a list with tags', 'store: unfinished uploads by job']

await t.test('the store of the tests can do what is needed, and is left as it was', async (t) => {
  const store = await testStore(t)
  const rows = await storeAbilities(store, presignWith(store.settings))
  t.equal(rows.length, 10)
  t.strictSame(
    rows.filter(({ check, verdict }) => verdict === 'broken' || (verdict === 'degraded' && !OPTIONAL.includes(check))),
    []
  )
  t.strictSame(await keysOf(store), [])
  t.strictSame(await listUploads(store, ''), [])
})

await t.test('one thing that it cannot do is broken by name, with how to mend it, and no other', async (t) => {
  const store = await testStore(t)
  const proxy = await faultProxy(t)
  proxy.target = { url: store.settings.S3_ENDPOINT }
  const settings = { ...store.settings, S3_ENDPOINT: proxy.url }
  const cases: [string, typeof proxy.fate][] = [
    [
      'store: write only what is new',
      ({ headers, path }) => headers['if-none-match'] !== undefined && path.includes('/new') ? 'refuse' : 'pass'
    ],
    [
      'store: write only over what was read',
      ({ headers, method }) => headers['if-match'] !== undefined && method === 'PUT' ? 'refuse' : 'pass'
    ],
    [
      'store: tags',
      ({ headers, path }) => headers['x-amz-tagging'] !== undefined && path.endsWith('/tags') ? 'refuse' : 'pass'
    ],
    ['store: checksums', ({ path }) => path.includes('/checksum?X-Amz') ? 'refuse' : 'pass'],
    ['store: large files', ({ path }) => path.includes('partNumber=') ? 'refuse' : 'pass'],
    ['store: part of one version', ({ headers }) => headers.range !== undefined ? 'refuse' : 'pass'],
    [
      'store: unfinished uploads',
      ({ path }) => path.includes('max-uploads') && path.includes('unfinished') ? 'refuse' : 'pass'
    ],
    ['store', ({ method, path }) => method === 'DELETE' && !path.includes('uploadId') ? 'refuse' : 'pass']
  ]
  for (const [check, fate] of cases) {
    proxy.fate = fate
    const broken = (await storeAbilities(openStore(settings), presignWith(settings))).filter(({ verdict }) =>
      verdict === 'broken'
    )
    t.match(broken, [{ check, seen: /./, mend: /./ }])
    t.equal(broken.length, 1, check)
  }
})

await t.test('a store that cannot be reached is one row, and the bucket that is missing has a name', async (t) => {
  const store = await testStore(t)
  const settings = { ...store.settings, S3_BUCKET: 'no-such-bucket' }
  const rows = await storeAbilities(openStore(settings), presignWith(settings))
  t.match(rows, [{ check: 'store', verdict: 'broken', seen: /no-such-bucket.*NoSuchBucket/, mend: /gx4ki-settings/ }])
  t.equal(rows.length, 1)
})

await t.test('a store that takes any bytes is found out', async (t) => {
  const store = await testStore(t)
  // As if the checksum were no part of what is signed and sent.
  const sign = presignWith(store.settings)
  const rows = await storeAbilities(
    store,
    async (key, { 'x-amz-checksum-sha256': _, ...headers }, query) => await sign(key, headers, query)
  )
  t.match(rows.find(({ check }) => check === 'store: checksums'), {
    verdict: 'broken',
    seen: 'other bytes than the sha256 says were taken'
  })
})
