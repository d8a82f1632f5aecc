import { createHash } from 'node:crypto'
import { McapIndexedReader } from '@mcap/core'
import { resolve } from 'node:path'
import t from 'tap'
import { clusterOf } from '../support/cluster-of.ts'
import { testHost } from '../support/host.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

await t.test('a job from start to result', async (t) => {
  const host = await testHost(t)
  const cluster = clusterOf(host)

  await t.test('a job runs, and its files come back byte for byte', async (t) => {
    const SCRIPT =
      'echo starting; head -c 300000 /dev/urandom > noise.bin; sha256sum noise.bin | cut -c1-64; mkdir -p "sub/a +%#?ü"; printf x > "sub/a +%#?ü/y z"; : > empty'
    const id = await host.deploy({ env: { SCRIPT } })
    const job = await host.reaches(id, 'succeeded', 'failed')
    t.match(job, { state: 'succeeded', reason: null, template: 'script', exit_code: 0, env: { SCRIPT } })
    t.strictSame(job.history.map(({ state }) => state), ['accepted', 'pending', 'running', 'succeeded'])
    t.strictSame(job.history.map(({ at }) => at), job.history.map(({ at }) => at).toSorted(), 'the times are in order')

    const files = await host.results(id)
    t.strictSame(files.map(({ name }) => name), ['empty', 'noise.bin', 'sub/a +%#?ü/y z'])
    for (const { name, size, sha256: recorded } of files) {
      const response = await host.result(id, name)
      const bytes = await response.bytes()
      t.equal(response.status, 200)
      t.equal(bytes.length, size, `${name}: size`)
      t.equal(sha256(bytes), recorded, `${name}: sha256`)
      t.equal(response.headers.get('etag'), `"${recorded}"`)
    }
    const log = await host.jobLog(id)
    t.equal(
      log,
      `starting\n${files.find(({ name }) => name === 'noise.bin')!.sha256}\n`,
      'the workload itself saw the same bytes'
    )
  })

  await t.test('deploy answers only after Kubernetes has the Job, its ConfigMap and its Secret', async (t) => {
    const response = await fetch(`${host.url}/job/deploy`)
    t.equal(response.status, 202)
    const { job_uuid: id, state, links } = await response.json() as {
      job_uuid: string
      state: string
      links: { self: string }
    }
    t.equal(response.headers.get('location'), `/job/${id}`)
    t.match(links, { self: `/job/${id}`, results: `/job/${id}/result/list`, log: `/job/${id}/log` })
    t.equal(state, 'pending')
    const names = await Promise.all([cluster.jobs(), cluster.configMaps(), cluster.secrets()])
    for (const items of names) t.ok(items.some(({ metadata }) => metadata?.name === `gx4ki-${id}`))
    await host.reaches(id, 'succeeded')
  })

  await t.test('deploy accepts the environment as a dotenv file, as text and as a form', async (t) => {
    const dotenv = '# of a test\nSCRIPT=\'printf "%s" "$PASSWORD" > out\'\nPASSWORD=\'geheim ü\'\n'
    const form = new FormData()
    form.set('env_file', new Blob([dotenv]), 'job.env')
    for (const init of [{ body: dotenv, headers: { 'content-type': 'text/plain' } }, { body: form }]) {
      const response = await fetch(`${host.url}/job/deploy`, { method: 'POST', ...init })
      t.equal(response.status, 202)
      const { job_uuid: id } = await response.json() as { job_uuid: string }
      const job = await host.reaches(id, 'succeeded', 'failed')
      t.equal(job.state, 'succeeded')
      t.equal(await (await host.result(id, 'out')).text(), 'geheim ü')
      t.notOk('PASSWORD' in job.env, 'the view of a job never shows a secret value')
      const maps = await cluster.configMaps()
      t.notMatch(
        JSON.stringify([maps, await cluster.jobs(), job, host.log]),
        'geheim',
        'no ConfigMap, Job or log has the secret value'
      )
    }
  })

  await t.test('the same idempotency key gives the same job', async (t) => {
    const before = (await cluster.jobs()).length
    const headers = { 'idempotency-key': '"a key"' }
    const ids = await Promise.all(
      Array.from({ length: 6 }, async () => await host.deploy({ env: { SCRIPT: 'echo once' } }, headers))
    )
    t.equal(new Set(ids).size, 1)
    t.equal((await cluster.jobs()).length, before + 1)
    const other = await fetch(`${host.url}/job/deploy`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"env": {"SCRIPT": "echo twice"}}'
    })
    t.equal(other.status, 422)
    t.match(await other.json(), { type: 'urn:gx4ki:problem:idempotency-mismatch', job_uuid: ids[0] })
    await host.reaches(ids[0]!, 'succeeded')
  })

  await t.test('the OpenAPI documents are at the entry point', async (t) => {
    const document = async (path: string) => await (await fetch(host.url + path)).json()
    t.match(await document('/openapi.json'), {
      servers: [{ url: /^(\/|https?:\/\/.+)$/ }],
      paths: { '/job/deploy': { post: { operationId: 'deployJob' } }, '/job/{id}': { get: { operationId: 'getJob' } } }
    })
    t.match(await document('/openapi/deploy.json'), { paths: { '/provision': { post: {} } } })
  })

  await t.test('the page is at the entry point', async (t) => {
    const page = await fetch(`${host.url}/`)
    t.equal(page.status, 200)
    t.match(page.headers.get('content-security-policy'), "default-src 'none'")
    const [, script] = /src="(page\/[^"]+\.js)"/.exec(await page.text()) ?? []
    t.equal((await fetch(`${host.url}/${script}`)).headers.get('content-type'), 'text/javascript; charset=utf-8')
    t.equal((await fetch(`${host.url}/page/settings.json`)).status, 200)
  })

  await t.test('jobs are listed newest first', async (t) => {
    const jobs = await host.jobs()
    t.ok(jobs.length >= 5)
    t.strictSame(jobs.map(({ created_at: at }) => at), jobs.map(({ created_at: at }) => at).toSorted().toReversed())
  })

  await t.test('GET /demo returns the bytes of its result', async (t) => {
    const demoHost = await testHost(t, {
      deploy: { TEMPLATES_DIR: resolve('knative/templates'), DEFAULT_TEMPLATE: 'drive' }
    })
    const response = await fetch(`${demoHost.url}/demo`)
    t.equal(response.status, 200)
    const recording = await response.bytes()
    const reader = await McapIndexedReader.Initialize({
      readable: {
        size: async () => BigInt(recording.length),
        read: async (offset, size) => recording.subarray(Number(offset), Number(offset + size))
      }
    })
    t.equal(reader.statistics?.messageCount, 3n * 15n * 50n, 'three channels, 15 s at 50 Hz')
    let messages = 0
    for await (const { data } of reader.readMessages({ validateCrcs: true })) if (data.length > 0) messages++
    t.equal(messages, 2250)
  })
})
