import t from 'tap'
import { presignWith } from '../../../functions/result-upload/presign.ts'
import { storeAbilities } from '../../../knative/doctor/in-cluster/store-abilities.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { keysOf } from '../../support/deploy-server.ts'
import { faultProxy } from '../../support/fault-proxy.ts'
import { testStore } from '../../support/store.ts'

/** Abilities that only some stores have, and that jobs do not need. */
const OPTIONAL = ['store: list with tags', 'store: unfinished uploads by prefix']

await t.test('the store of the tests has all necessary abilities, and no test object is left', async (t) => {
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

await t.test('a missing ability is reported by name with a remedy, and no other ability is broken', async (t) => {
  const store = await testStore(t)
  const proxy = await faultProxy(t)
  proxy.target = { url: store.settings.S3_ENDPOINT }
  const settings = { ...store.settings, S3_ENDPOINT: proxy.url }
  const cases: [string, typeof proxy.fate][] = [
    [
      'store: create if absent',
      ({ headers, path }) => headers['if-none-match'] !== undefined && path.includes('/new') ? 'refuse' : 'pass'
    ],
    [
      'store: overwrite if unchanged',
      ({ headers, method }) => headers['if-match'] !== undefined && method === 'PUT' ? 'refuse' : 'pass'
    ],
    [
      'store: tags',
      ({ headers, path }) => headers['x-amz-tagging'] !== undefined && path.endsWith('/tags') ? 'refuse' : 'pass'
    ],
    ['store: checksums', ({ path }) => path.includes('/checksum?X-Amz') ? 'refuse' : 'pass'],
    ['store: multipart uploads', ({ path }) => path.includes('partNumber=') ? 'refuse' : 'pass'],
    ['store: range of one version', ({ headers }) => headers.range !== undefined ? 'refuse' : 'pass'],
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

await t.test('a missing bucket gives one row that names the bucket', async (t) => {
  const store = await testStore(t)
  const settings = { ...store.settings, S3_BUCKET: 'no-such-bucket' }
  const rows = await storeAbilities(openStore(settings), presignWith(settings))
  t.match(rows, [{ check: 'store', verdict: 'broken', seen: /no-such-bucket.*NoSuchBucket/, mend: /gx4ki-settings/ }])
  t.equal(rows.length, 1)
})

await t.test('a store that accepts wrong bytes is reported', async (t) => {
  const store = await testStore(t)
  // Without the checksum among the signed headers, the store accepts any bytes.
  const sign = presignWith(store.settings)
  const rows = await storeAbilities(
    store,
    async (key, { 'x-amz-checksum-sha256': _, ...headers }, query) => await sign(key, headers, query)
  )
  t.match(rows.find(({ check }) => check === 'store: checksums'), {
    verdict: 'broken',
    seen: 'the store accepted bytes that do not match the sha256'
  })
})
