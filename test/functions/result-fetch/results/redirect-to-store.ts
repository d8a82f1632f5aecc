import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { fetchServer } from '../../../support/fetch-server.ts'
import { putResults } from '../../../support/put-results.ts'
import { storeProxy } from '../../../support/store-proxy.ts'
import { testStore } from '../../../support/store.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const store = await testStore(t)
const attempt = 'pod'
const files = { 'sub/Größe 1%.html': '<p>some bytes</p>', empty: '', 'a+b.bin': Buffer.alloc(300_000, 'x').toString() }
const pathOf = (id: string, file: string): string => `/job/${id}/result?file=${encodeURIComponent(file)}`
const manual = (headers: Record<string, string>) => ({ headers, redirect: 'manual' as const })

await t.test('with Prefer: redirect, a file is read from the public address of the store', async (t) => {
  // Another host than that of the functions' own requests: it is signed.
  const proxy = await storeProxy(t)
  proxy.target = store.settings.S3_ENDPOINT
  const { url, create } = await fetchServer(t, store, { S3_PUBLIC_ENDPOINT: `${proxy.url}/` })
  const { job_uuid: id } = await create({ state: 'running', attempt })
  await putResults(store, { id, attempt }, files)

  for (const [name, content] of Object.entries(files)) {
    const direct = await fetch(url + pathOf(id, name))
    t.equal(direct.headers.get('vary'), 'prefer')
    t.equal(direct.headers.get('preference-applied'), null)
    const redirect = await fetch(url + pathOf(id, name), manual({ prefer: 'handling=lenient, Redirect; a=b' }))
    t.equal(redirect.status, 307)
    t.match(Object.fromEntries(redirect.headers), {
      'preference-applied': 'redirect',
      'cache-control': 'no-store',
      vary: 'prefer',
      location: new RegExp(`^${proxy.url}/${store.bucket}/.*X-Amz-Expires=60&`)
    })
    t.notOk(redirect.headers.get('location')!.includes(store.settings.S3_SECRET_KEY))

    const from = await fetch(redirect.headers.get('location')!)
    t.equal(from.status, 200)
    t.equal(await from.text(), content)
    for (const header of ['content-type', 'content-disposition']) {
      t.equal(from.headers.get(header), direct.headers.get(header), header)
    }
    t.equal(from.headers.get('cache-control'), 'private, no-store')
  }
  const part = await fetch(url + pathOf(id, 'sub/Größe 1%.html'), { headers: { prefer: 'redirect', range: 'bytes=3-6' } })
  t.same([part.status, await part.text()], [206, 'some'], 'a client sends its Range again')

  const changed = new URL((await fetch(url + pathOf(id, 'a+b.bin'), manual({ prefer: 'redirect' }))).headers.get('location')!)
  changed.searchParams.set('response-content-type', 'text/html')
  t.equal((await fetch(changed)).status, 403, 'nobody can change the type')
})

await t.test('a redirect is only for requests that can follow it', async (t) => {
  const { url, create } = await fetchServer(t, store, { S3_PUBLIC_ENDPOINT: store.settings.S3_ENDPOINT })
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  await putResults(store, { id, attempt }, files)
  const status = async (path: string, headers: Record<string, string>, method = 'GET'): Promise<number> =>
    (await fetch(url + path, { ...manual({ prefer: 'redirect', ...headers }), method })).status
  const path = pathOf(id, 'a+b.bin')
  const etag = (await fetch(url + path, { method: 'HEAD' })).headers.get('etag')!
  t.equal(await status(path, {}), 307)
  t.equal(await status(path, {}, 'HEAD'), 200)
  t.equal(await status(path, { 'if-match': etag }), 200, "the store's ETag is another one")
  t.equal(await status(path, { 'if-range': etag, range: 'bytes=0-0' }), 206)
  t.equal(await status(path, { 'if-none-match': etag }), 304)
  t.equal(await status(path, { 'if-none-match': '"other"' }), 200)
  t.equal(await status(path, { range: 'bytes=300000-' }), 416)
  t.equal(await status(path, { prefer: 'redirects, no-redirect, wait=1; redirect' }), 200)
  t.equal(await status(pathOf(id, 'unknown'), {}), 404)

  const without = await fetchServer(t, store)
  const answer = await fetch(without.url + path, manual({ prefer: 'redirect' }))
  t.equal(answer.status, 200, 'callers cannot reach the store')
  t.equal(answer.headers.get('vary'), null)
})

await t.test('the documented command', {
  skip: spawnSync('curl', ['--version']).status !== 0 && 'curl is not on this machine'
}, async (t) => {
  const { url, create } = await fetchServer(t, store, { S3_PUBLIC_ENDPOINT: store.settings.S3_ENDPOINT })
  const { job_uuid: id } = await create({ state: 'succeeded', attempt })
  await putResults(store, { id, attempt }, { 'drive.mcap': 'a recording' })
  const [, command = ''] = /```sh\n(.*Prefer: redirect.*)\n```/.exec(readFileSync('docs/results.md', 'utf8')) ?? []
  const cwd = temporaryFolder(t, {})
  await promisify(execFile)('sh', ['-c', command], { cwd, env: { PATH: process.env['PATH'], URL: url, JOB: id } })
  t.equal(readFileSync(join(cwd, 'drive.mcap'), 'utf8'), 'a recording')
})
