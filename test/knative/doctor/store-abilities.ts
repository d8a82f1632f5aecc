import t from 'tap'
import { presignWith } from '../../../functions/result-upload/presign.ts'
import { storeAbilities } from '../../../knative/doctor/in-cluster/store-abilities.ts'
import type { Row } from '../../../knative/doctor/row.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { keysOf } from '../../support/deploy-server.ts'
import { faultProxy } from '../../support/fault-proxy.ts'
import { storeProxy } from '../../support/store-proxy.ts'
import { testStore } from '../../support/store.ts'

/** Abilities that only some stores have, and that jobs do not need. */
const OPTIONAL = ['store: list with tags', 'store: unfinished uploads by prefix']

await t.test('the store of the tests has all necessary abilities, and no test object is left', async (t) => {
  const store = await testStore(t)
  const rows = await storeAbilities(store, presignWith(store))
  t.equal(rows.length, 11)
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
    ['store: complete lists', ({ path }) => path.includes('start-after=') ? 'refuse' : 'pass'],
    ['store: range of one version', ({ headers }) => headers.range !== undefined ? 'refuse' : 'pass'],
    [
      'store: unfinished uploads',
      ({ path }) => path.includes('max-uploads') && path.includes('unfinished') ? 'refuse' : 'pass'
    ],
    ['store', ({ method, path }) => method === 'DELETE' && !path.includes('uploadId') ? 'refuse' : 'pass']
  ]
  for (const [check, fate] of cases) {
    proxy.fate = fate
    const broken = (await storeAbilities(openStore(settings), presignWith(openStore(settings)))).filter(({ verdict }) =>
      verdict === 'broken'
    )
    t.match(broken, [{ check, seen: /./, mend: /./ }])
    t.equal(broken.length, 1, check)
  }
})

await t.test('a store that loses keys between two pages of a list is reported', async (t) => {
  const store = await testStore(t)
  const proxy = await storeProxy(t)
  proxy.target = store.settings.S3_ENDPOINT
  const settings = { ...store.settings, S3_ENDPOINT: proxy.url }
  async function seen (
    spoilt: (path: string) => boolean,
    spoil: (listing: string) => string
  ): Promise<Row | undefined> {
    proxy.fault = ({ path }) => !spoilt(path)
      ? undefined
      : async (_, response, pass) => {
        const { status, headers: { 'content-length': _length, ...headers }, body } = await pass()
        response.writeHead(status, headers).end(spoil(body.toString()))
      }
    const rows = await storeAbilities(openStore(settings), presignWith(openStore(settings)))
    t.equal(rows.filter(({ verdict }) => verdict === 'broken').length, 1)
    return rows.find(({ verdict }) => verdict === 'broken')
  }
  const ends = (listing: string): string => listing.replace('<IsTruncated>true', '<IsTruncated>false')
  const isInFolder = (path: string): boolean => path.includes('continuation-token=') && path.includes('odd')
  t.match(await seen(isInFolder, ends), {
    check: 'store: complete lists',
    seen: /^a list in pages of 1 lacks 8 of 10 keys: odd\//,
    mend: /docs\/install.md/
  }, 'as MinIO ends a list that begins within a folder')
  const loses = (listing: string): string => listing.replace(/<Contents>.*?<\/Contents>/s, '')
  t.match(await seen(isInFolder, loses), { check: 'store: complete lists', seen: /lacks \d of 10 keys/ })
  const repeats = (listing: string): string => listing.replace(/<Contents>.*?<\/Contents>/s, '$&$&')
  t.match(await seen(isInFolder, repeats), { check: 'store: complete lists', seen: /has keys twice/ })
  t.match(await seen((path) => path.includes('start-after='), loses), {
    check: 'store: complete lists',
    seen: /begins after a key/
  })
})

await t.test('a missing bucket gives one row that names the bucket', async (t) => {
  const store = await testStore(t)
  const settings = { ...store.settings, S3_BUCKET: 'no-such-bucket' }
  const rows = await storeAbilities(openStore(settings), presignWith(openStore(settings)))
  t.match(rows, [{ check: 'store', verdict: 'broken', seen: /no-such-bucket.*NoSuchBucket/, mend: /gx4ki-settings/ }])
  t.equal(rows.length, 1)
})

await t.test('a store that accepts wrong bytes is reported', async (t) => {
  const store = await testStore(t)
  // Without the checksum among the signed headers, the store accepts any bytes.
  const sign = presignWith(store)
  const rows = await storeAbilities(
    store,
    (key, { 'x-amz-checksum-sha256': _, ...headers }, query) => sign(key, headers, query)
  )
  t.match(rows.find(({ check }) => check === 'store: checksums'), {
    verdict: 'broken',
    seen: 'the store accepted bytes that do not match the sha256'
  })
})
